/** The identify gate that all nodes share. On virtual time. */
import { describe, expect, test } from 'vitest';
import { virtualCluster } from '../kit/virtual-cluster.ts';
import { infoBody, jsonResponse } from '../kit/virtual-manager.ts';

describe('the identify gate of a cluster', () => {
  test.each([1, 2, 16])(
    'keeps 5 s between the IDENTIFYs of a key over all nodes, with max_concurrency %i',
    async (max) => {
      const shards = 4 * max;
      const cluster = virtualCluster({ shards, limit: { max_concurrency: max } });
      const nodes = ['a', 'b', 'c'].map((name) => cluster.node(name));
      const connected = Promise.all(nodes.map(({ manager }) => manager.connect()));
      await cluster.runUntil(() => nodes.reduce((sum, { manager }) => sum + manager.status().ready, 0) === shards);
      await connected;

      const identified = cluster.gateway.sent(2).map(({ d, at }) => ({ id: (d as { shard: [number] }).shard[0], at }));
      expect(identified.map(({ id }) => id).toSorted((x, y) => x - y)).toEqual(
        Array.from({ length: shards }, (_, id) => id),
      );
      for (let key = 0; key < max; key += 1) {
        const times = identified
          .filter(({ id }) => id % max === key)
          .map(({ at }) => at)
          .toSorted((x, y) => x - y);
        for (const [index, at] of times.slice(1).entries()) expect(at - times[index]!).toBeGreaterThanOrEqual(5_000);
      }
      await cluster.stop(...nodes);
    },
  );

  test('shares one budget, less the reserve: the rest waits, and each node reports it once', async () => {
    const cluster = virtualCluster({
      shards: 6,
      limit: { max_concurrency: 16, remaining: 4, reset_after: 50_000 },
      manager: { sessionStartReserve: 1 },
    });
    const nodes = ['a', 'b'].map((name) => cluster.node(name));
    void Promise.all(nodes.map(({ manager }) => manager.connect()));
    await cluster.clock.advanceAsync(30_000);

    expect(cluster.gateway.sent(2)).toHaveLength(3);
    const reports = nodes.map(({ events }) => events.filter(([, code]) => code === 'IDENTIFY_BUDGET_SPENT').length);
    expect(Math.max(...reports)).toBe(1);
    await cluster.runUntil(() => nodes.reduce((sum, { manager }) => sum + manager.status().ready, 0) === 6);
    expect(cluster.gateway.sent(2)).toHaveLength(6);
    await cluster.stop(...nodes);
  });

  test('learns from reshard() what Discord allows by now', async () => {
    const limit = { max_concurrency: 1 };
    const cluster = virtualCluster({ shards: 2, limit: { max_concurrency: 16 } });
    cluster.gateway.allowViolation('heartbeat-pace', 'a hand-over sends heartbeats of its own');
    const { manager } = cluster.node('a', { fetch: async () => jsonResponse(200, infoBody(2, limit)) });
    const connected = manager.connect();
    await cluster.runUntil(() => manager.status().ready === 2);
    await connected;
    await cluster.clock.advanceAsync(6_000);

    limit.max_concurrency = 16;
    const resharded = manager.reshard(8);
    // One after another, they would take 35 s.
    await cluster.clock.advanceAsync(5_000);
    await resharded;
    expect(manager.status()).toMatchObject({ total: 8, ready: 8 });
    await cluster.stop({ manager });
  });
});
