/** A member of a cluster that the engine hears and that hears nothing of it in time. On virtual time. */
import { describe, expect, test } from 'vitest';
import { GroupMember } from '../../src/cluster/consumer/group-member.ts';
import { MemoryLine } from '../../src/cluster/memory/memory-line.ts';
import { MemoryServer } from '../../src/cluster/memory/memory-server.ts';
import { VirtualClock } from '../../src/testing/virtual-clock.ts';
import { LEASE_TTL_MS, virtualCluster } from '../kit/virtual-cluster.ts';

/** Each answer arrives when the node has given up waiting for it, and long before its leases end. */
const SLOW = { requestDelayMs: 2_000, answerDelayMs: 2_000 };
const FAST = { requestDelayMs: 1, answerDelayMs: 1 };

describe('a node that the engine answers too late', () => {
  test('keeps its shards, and others take what it should have claimed', async () => {
    const { clock, node, runUntil, stop } = virtualCluster({ shards: 3 });
    const nodes = [node('slow'), node('other'), node('leaving')] as const;
    for (const { manager } of nodes) {
      const connected = manager.connect();
      await runUntil(() => manager.status().state === 'running');
      await connected;
    }
    await runUntil(() => nodes.every(({ manager, shards }) => shards.length === 1 && manager.status().ready === 1));
    await clock.advanceAsync(LEASE_TTL_MS);
    const [slow, other, leaving] = nodes;
    const isStalled = (): boolean | undefined =>
      other.manager.status().cluster?.nodes.find(({ node }) => node === 'slow')?.isStalled;
    expect(isStalled()).toBe(false);
    const kept = slow.shards;
    const before = slow.events.length;
    slow.line.set(SLOW);
    // Until its last look has ended, and before the others know.
    await clock.advanceAsync(8_000);
    // Its shard is reserved for the member that joined first, of those that have as many.
    const left = leaving.manager.disconnect();
    await runUntil(() => other.shards.length === 2);
    await left;
    expect(isStalled()).toBe(true);

    slow.line.set(FAST);
    await clock.advanceAsync(LEASE_TTL_MS);
    expect(slow.shards).toEqual(kept);
    expect(slow.events.slice(before)).toEqual([]);
    await stop(slow, other);
  });

  test('gets its share once it is answered in time', async () => {
    const { clock, node, runUntil, stop } = virtualCluster({ shards: 2 });
    const [first, slow] = [node('first'), node('slow')];
    const connected = first.manager.connect();
    await runUntil(() => first.manager.status().ready === 2);
    await connected;
    await clock.advanceAsync(LEASE_TTL_MS);
    slow.line.set(SLOW);
    const joined = slow.manager.connect();
    const released = (): boolean => first.events.some(([name]) => name === 'released');
    await runUntil(() => released() && first.manager.status().ready === 2);
    await clock.advanceAsync(5 * LEASE_TTL_MS);
    expect([first.shards, slow.shards]).toEqual([[0, 1], []]);

    slow.line.set(FAST);
    await runUntil(() => slow.manager.status().ready === 1);
    await joined;
    expect(first.shards).toHaveLength(1);
    await stop(first, slow);
  });
});

describe('a consumer that hears no answer of the engine', () => {
  test('keeps no stream from the others that it does not read', async () => {
    const clock = new VirtualClock();
    const server = new MemoryServer({ leaseTtlMs: LEASE_TTL_MS, clock });
    const join = async (name: string) => {
      const line = new MemoryLine(server);
      const connection = await line.open({ report: () => undefined });
      await connection.agree({ total: 3 });
      const streams = new Set<number>();
      const member = new GroupMember({
        ownership: connection.ownership({ kind: 'group', group: 'bot' }),
        member: { name, instance: name },
        clock,
        leaseTtlMs: LEASE_TTL_MS,
        onGained: ({ shardId }) => void streams.add(shardId),
        onLost: (shardId) => void streams.delete(shardId),
        drain: () => Promise.resolve(),
        onRenewed: () => undefined,
        report: () => undefined,
      });
      await member.start();
      return { line, member, streams };
    };
    const [deaf, other, leaving] = [await join('deaf'), await join('other'), await join('leaving')];
    await clock.advanceAsync(4 * LEASE_TTL_MS);
    expect([deaf, other, leaving].map(({ streams }) => streams.size)).toEqual([1, 1, 1]);

    deaf.line.set({ losesAnswers: true });
    await leaving.member.stop();
    await clock.advanceAsync(4 * LEASE_TTL_MS);
    expect(other.streams.size).toBe(2);
    deaf.line.set({ losesAnswers: false });
    await Promise.all([deaf, other].map(({ member }) => member.stop()));
  });
});
