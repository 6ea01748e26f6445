/** A cluster that keeps its shards: a resharding that is refused, cancelled or fails, and a node that sleeps through one. */
import { describe, expect, test, vi } from 'vitest';
import { holds, liveCluster, until } from '../kit/live-cluster.ts';
import { RULES_BROKEN_BY_HAND_OVER } from '../kit/live-manager.ts';
import { LEASE_TTL_MS, virtualCluster } from '../kit/virtual-cluster.ts';

const refused = { code: 'RESHARD_REFUSED' };

/** Two nodes with two shards each. */
async function twoNodes(accepted = 1) {
  const cluster = await liveCluster({
    gateway: { shards: accepted },
    manager: { shards: 4 },
    broken: RULES_BROKEN_BY_HAND_OVER,
  });
  const nodes = [cluster.node('first'), cluster.node('second')] as const;
  await Promise.all(nodes.map(({ manager }) => manager.connect()));
  await until(nodes, () => nodes.every((node) => holds(node, 2)));
  const [first, second] = nodes;
  return { ...cluster, nodes, first, second, [Symbol.asyncDispose]: () => cluster[Symbol.asyncDispose]() };
}

describe('reshard() on a node', () => {
  test('is refused while another node reshards, and when there are too few session starts', async () => {
    await using kit = await twoNodes();
    const { first, second } = kit;
    const abort = new AbortController();
    const running = first.manager.reshard(6, { signal: abort.signal });
    const aborted = running.catch((error: unknown) => error);
    await kit.gateway.waitUntil(({ connections }) => connections.some(({ shard }) => shard?.[1] === 6));
    await expect(second.manager.reshard(8)).rejects.toMatchObject(refused);
    await expect(second.manager.reshard(100_000)).rejects.toMatchObject({ code: 'IDENTIFY_BUDGET_SPENT' });
    expect(second.manager.state).toBe('running');

    abort.abort();
    expect(await aborted).toMatchObject({ code: 'ABORTED' });
    await kit.gateway.waitUntil(({ connections }) => connections.length === 4);
    expect(kit.nodes.map(({ manager }) => [manager.total, manager.status().resharding])).toEqual([
      [4, null],
      [4, null],
    ]);
    expect(kit.server.store.data.next).toBeNull();
    await first.manager.reshard(4);
  });

  test('rejects with INVALID_SHARD if Discord does not accept the count, whichever node finds out', async () => {
    await using kit = await twoNodes(4);
    await expect(kit.first.manager.reshard(6)).rejects.toMatchObject({ code: 'INVALID_SHARD' });
    expect(kit.nodes.map(({ manager }) => [manager.total, manager.state])).toEqual([
      [4, 'running'],
      [4, 'running'],
    ]);
    await kit.gateway.waitUntil(({ connections }) => connections.length === 4);
  });

  test('rejects with STOPPED when its manager is stopped, and the others keep their shards', async () => {
    await using kit = await twoNodes();
    const { first, second } = kit;
    const outcome = first.manager.reshard(6).catch((error: unknown) => error);
    await kit.gateway.waitUntil(({ connections }) => connections.some(({ shard }) => shard?.[1] === 6));
    await first.manager.disconnect();
    expect(await outcome).toMatchObject({ code: 'STOPPED' });
    await until([second], () => holds(second, 4));
    expect(second.manager.total).toBe(4);
    await kit.gateway.waitUntil(({ connections }) => connections.length === 4);
  });

  test('is refused if a node of the cluster runs only some of the shards', async () => {
    await using kit = await twoNodes();
    const part = kit.node('part', { shards: { total: 4, ids: [0] } });
    const connecting = part.manager.connect().catch((error: unknown) => error);
    await until(kit.nodes, () => kit.first.manager.status().cluster?.nodes.length === 3);
    await expect(kit.first.manager.reshard(6)).rejects.toMatchObject(refused);
    expect(kit.first.manager.total).toBe(4);
    await part.manager.disconnect();
    expect(await connecting).toMatchObject({ code: 'STOPPED' });
  });

  test('reports a fault if the engine fails in a way it should not, and the shards stay', async () => {
    await using kit = await twoNodes();
    const { first, second } = kit;
    const abort = new AbortController();
    const report = vi.spyOn(kit.server.succession, 'report').mockImplementation(() => {
      throw new TypeError('the engine is broken');
    });
    const outcome = first.manager.reshard(6, { signal: abort.signal }).catch((error: unknown) => error);
    await until(kit.nodes, () => second.faults.some(({ code }) => code === 'INTERNAL_ERROR'));
    abort.abort();
    report.mockRestore();

    expect(await outcome).toMatchObject({ code: 'ABORTED' });
    expect(kit.nodes.map(({ manager }) => [manager.total, manager.state])).toEqual([
      [4, 'running'],
      [4, 'running'],
    ]);
  });
});

test('a node that was frozen while the others resharded drops its shards, and takes its share of the new ones', async () => {
  const cluster = virtualCluster({ shards: 2 });
  const { clock, gateway, node, runUntil, stop } = cluster;
  gateway.allowViolation('heartbeat-pace', 'a hand-over sends heartbeats of its own');
  gateway.allowViolation('heartbeat-first', 'a process that is frozen sends none');
  const [first, second] = [node('first'), node('second')];
  const connected = Promise.all([first.manager.connect(), second.manager.connect()]);
  await runUntil(() => first.manager.status().ready === 1 && second.manager.status().ready === 1);
  await connected;
  await clock.advanceAsync(1_000);
  const [frozenShard] = first.shards;
  const socket = first.sockets.at(-1)!;

  first.process.freeze();
  await runUntil(() => second.manager.status().ready === 2);
  const resharded = second.manager.reshard(3);
  await runUntil(() => second.manager.total === 3);
  await resharded;
  gateway.dispatch('MESSAGE_CREATE', { id: 'late' }, socket);
  await clock.advanceAsync(LEASE_TTL_MS);
  const identifies = gateway.sent(2).length;
  first.process.wake();
  await runUntil(() => first.manager.status().ready === 1 && first.manager.total === 3);

  expect(first.handled).toEqual([]);
  expect(first.events).toContainEqual(['released', frozenShard, 'fenced']);
  expect(first.shards.length + second.shards.length).toBe(3);
  expect(gateway.sent(2)).toHaveLength(identifies);
  await stop(first, second);
});
