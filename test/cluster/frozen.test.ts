/** A node whose process did not run, and one that alone can't reach the engine. On virtual time. */
import { describe, expect, test } from 'vitest';
import { LEASE_TTL_MS, virtualCluster } from '../kit/virtual-cluster.ts';

const isReady = ({ manager }: { readonly manager: { status(): { ready: number } } }, count: number): boolean =>
  manager.status().ready === count;

/** Two nodes with a shard each. */
async function twoNodes() {
  const cluster = virtualCluster({ shards: 2 });
  const { clock, node, runUntil } = cluster;
  const first = node('first');
  const second = node('second');
  const connected = Promise.all([first.manager.connect(), second.manager.connect()]);
  await runUntil(() => first.shards.length === 1 && second.shards.length === 1);
  await runUntil(() => isReady(first, 1) && isReady(second, 1));
  await connected;
  await clock.advanceAsync(1_000);
  return { ...cluster, first, second };
}

describe('a node that was frozen for longer than its leases', () => {
  test('delivers and resumes nothing when it wakes, and joins again', async () => {
    const { clock, gateway, first, second, runUntil, stop } = await twoNodes();
    const [frozenShard] = first.shards;
    const socket = first.sockets.at(-1)!;
    const identifies = gateway.sent(2).length;
    const openedBefore = first.sockets.length;
    const reasons: string[] = [];
    first.manager.on('disconnected', ({ reason }) => void reasons.push(reason));

    first.process.freeze();
    await runUntil(() => isReady(second, 2));
    gateway.dispatch('MESSAGE_CREATE', { id: 'late' }, socket);
    await clock.advanceAsync(LEASE_TTL_MS);
    first.events.length = 0;
    first.process.wake();
    expect(first.handled).toEqual([]);
    // Two calls of 2 ms each: the shard count, and the renewal.
    await clock.advanceAsync(4);

    expect(first.handled).toEqual([]);
    expect(first.events).toContainEqual(['released', frozenShard, 'fenced']);
    expect(socket.closedWith).toBe(4_000);
    expect(reasons[0]).toBe('the process did not run for so long that another node may have the shard');
    expect(first.sockets.length).toBe(openedBefore);

    await runUntil(() => first.shards.length === 1 && isReady(first, 1));
    expect(second.shards).toHaveLength(1);
    expect(gateway.sent(2)).toHaveLength(identifies);
    await stop(first, second);
  });

  test('goes on where it was if nobody has taken its shards', async () => {
    const cluster = virtualCluster({ shards: 1 });
    const { clock, gateway, node, runUntil, stop } = cluster;
    const only = node('only');
    const connected = only.manager.connect();
    await runUntil(() => isReady(only, 1));
    await connected;

    only.process.freeze();
    await clock.advanceAsync(3 * LEASE_TTL_MS);
    const { sequence } = gateway;
    gateway.dispatch('MESSAGE_CREATE', { id: 'late' }, only.sockets.at(-1));
    only.process.wake();
    await runUntil(() => gateway.sent(6).length === 1 && isReady(only, 1));

    // The dispatch was not delivered, so the RESUME asks for it.
    expect(only.handled).toEqual([]);
    expect(gateway.sent(6)[0]!.d).toMatchObject({ seq: sequence });
    expect(only.events.filter(([name]) => name !== 'claimed')).toEqual([['fault', 'FENCED']]);
    expect(only.shards).toEqual([0]);
    expect(gateway.sent(2)).toHaveLength(1);
    await stop(only);
  });

  test('while its shards start, starts them when it is back, and reports no failure', async () => {
    const { clock, gateway, node, runUntil, stop } = virtualCluster({ shards: 1 });
    const only = node('only');
    gateway.answers.ready = false;
    const connected = only.manager.connect();
    await runUntil(() => gateway.sent(2).length > 0);
    only.process.freeze();
    await clock.advanceAsync(3 * LEASE_TTL_MS);
    gateway.answers.ready = true;
    only.process.wake();
    await runUntil(() => isReady(only, 1));
    await connected;
    expect(only.events.filter(([name]) => name === 'failed')).toEqual([]);
    await stop(only);
  });

  test('notices nothing if it was shorter', async () => {
    const { clock, gateway, first, second, stop } = await twoNodes();
    const opened = gateway.sockets.length;
    first.process.freeze();
    await clock.advanceAsync(LEASE_TTL_MS / 2);
    first.process.wake();
    gateway.dispatch('MESSAGE_CREATE', { id: 'now' }, first.sockets.at(-1));
    expect(first.handled).toEqual(['now']);
    await clock.advanceAsync(2 * LEASE_TTL_MS);
    expect(gateway.sockets.length).toBe(opened);
    await stop(first, second);
  });
});

describe('a node that alone is cut off', () => {
  test('keeps its shard until the connection is lost twice, and then yields', async () => {
    const { clock, gateway, first, second, runUntil, stop } = await twoNodes();
    const [shardId] = first.shards;
    first.line.set({ isCut: true });
    await clock.advanceAsync(LEASE_TTL_MS - 5_000);
    gateway.dispatch('MESSAGE_CREATE', { id: 'up' }, first.sockets.at(-1));
    expect(first.handled).toEqual(['up']);

    // The other node resumes the session, and Discord ends the connection of the first.
    await runUntil(() => second.shards.length === 2);
    first.sockets.at(-1)!.end(1_006);
    await clock.advanceAsync(1_000);
    expect(first.shards).toEqual([shardId]);
    first.sockets.at(-1)!.end(1_006);
    await clock.advanceAsync(1_000);

    expect(first.shards).toEqual([]);
    expect(first.events).toContainEqual(['released', shardId, 'fenced']);
    first.line.set({ isCut: false });
    await runUntil(() => isReady(first, 1) && second.shards.length === 1);
    expect(gateway.sent(2)).toHaveLength(2);
    await stop(first, second);
  });
});
