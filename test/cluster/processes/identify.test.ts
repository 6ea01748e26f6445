/** The pace and the budget of IDENTIFYs over all nodes, on real processes, sockets and Redis. The oracle judges the pace. */
import { describe, expect, test } from 'vitest';
import { ProcessCluster } from '../../kit/process-cluster.ts';
import { redisServerPath } from '../../kit/redis-server.ts';
import { PATIENCE_MS, pause, until } from '../../kit/until.ts';

describe.skipIf(redisServerPath() === null)('the identify gate of nodes as processes', { timeout: PATIENCE_MS }, () => {
  test.concurrent.each([
    [1, 2],
    [2, 4],
    [16, 17],
  ])('11: the spacing holds over all nodes with max_concurrency %i', async (maxConcurrency, shards) => {
    await using cluster = await ProcessCluster.start({
      shards,
      gateway: { sessionStartLimit: { maxConcurrency } },
      manager: { publish: false },
    });
    const [first, second] = await Promise.all(
      ['first', 'second'].map((name) => cluster.node(name, { connects: false })),
    );
    const connecting = [first!, second!].map((node) => node.connect());
    await Promise.all(connecting);
    // On a busy machine the one may have started all before the other joins; then some move.
    await until(
      'both have some',
      () => [first!, second!].every(({ held }) => held.size > 0),
      () => cluster.state,
    );
    await cluster.settled([first!, second!]);

    // The oracle judges the spacing. The order of those that wait is a case of the conformance suite.
    expect(cluster.gateway.stats.identifies).toBe(shards);
    expect(cluster.gateway.complaints).toEqual([]);
  });

  test.concurrent('12: the budget is of the whole bot: without it, shards resume, the rest waits, and each node says so once', async () => {
    await using cluster = await ProcessCluster.start({
      shards: 4,
      gateway: { sessionStartLimit: { maxConcurrency: 16, total: 1_000, remaining: 3 } },
      manager: { publish: false, sessionStartReserve: 1 },
    });
    const nodes = await Promise.all(['first', 'second'].map((name) => cluster.node(name, { connects: false })));
    for (const node of nodes) node.connect().catch(() => undefined);
    const waiting = () => nodes.filter(({ states }) => [...states.values()].includes('identifying'));
    const count = (state: string): number =>
      nodes.flatMap(({ states }) => [...states.values()]).filter((each) => each === state).length;
    await until(
      'two shards are ready, and two wait',
      () => count('ready') === 2 && count('identifying') === 2,
      () => cluster.state,
    );
    const { resumes } = cluster.gateway.stats;
    const [connection] = cluster.gateway.connections.filter(({ sessionId }) => sessionId !== null);
    connection!.terminate();
    await until(
      'the shard has resumed',
      () => cluster.gateway.stats.resumes > resumes,
      () => cluster.state,
    );

    expect(cluster.gateway.stats.identifies).toBe(2);
    await until(
      'each node with a shard that waits says so',
      () => waiting().every(({ faults }) => faults.length > 0),
      () => cluster.state,
    );
    // Long enough for another one.
    await pause(2_000);
    expect(waiting()).not.toEqual([]);
    for (const { faults } of waiting())
      expect(faults.filter(({ code }) => code === 'IDENTIFY_BUDGET_SPENT')).toHaveLength(1);
  });

  test.concurrent('13: a permit whose node has died counts as used, and blocks its key for one spacing only', async () => {
    await using cluster = await ProcessCluster.start({
      shards: 2,
      gateway: { sessionStartLimit: { maxConcurrency: 1 } },
    });
    const dying = await cluster.node('dying', { diesWithPermit: true, connects: false });
    dying.connect().catch(() => undefined);
    await until(
      'it has died',
      () => dying.program.hasEnded,
      () => cluster.state,
    );
    const diedAt = performance.now();
    const next = await cluster.node('next');
    await cluster.settled([next], [2]);

    const [one, other] = cluster.connections.map(({ acceptedAt }) => acceptedAt);
    expect(one! - diedAt).toBeLessThan(5_250 + 10_000);
    expect(other! - one!).toBeGreaterThan(5_000 - 250);
    const { budget } = await next.status();
    expect(budget).toMatchObject({ total: 1_000, remaining: 997 });
  });
});
