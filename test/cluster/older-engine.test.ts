/**
 * An engine that starts again with an older state, in which the leases stand and the sessions are older, while no
 * dispatch comes that would show it. On virtual time.
 */
import { describe, expect, test } from 'vitest';
import { LEASE_TTL_MS, virtualCluster } from '../kit/virtual-cluster.ts';

/** READY and five messages. */
const LAST_SEQUENCE = 6;

describe.each([
  { publish: false, mode: 'without publish' },
  { publish: true, mode: 'with publish' },
])('a node $mode whose engine comes back with an older session', ({ publish }) => {
  /** A node whose shard has got five messages, of which the engine has forgotten two. A second node is to take over. */
  async function forgetful() {
    const cluster = virtualCluster({ shards: 1, manager: { publish } });
    const { clock, gateway, node, runUntil, server } = cluster;
    const first = node('first');
    const connected = first.manager.connect();
    await runUntil(() => first.manager.status().ready === 1);
    await connected;
    const second = node('second');
    const waiting = second.manager.connect();
    const send = async (ids: readonly number[]): Promise<void> => {
      for (const id of ids) gateway.dispatch('MESSAGE_CREATE', { id: String(id) });
      await clock.advanceAsync(LEASE_TTL_MS);
    };
    await send([1, 2, 3]);
    const older = server.snapshot();
    await send([4, 5]);
    server.restore(older);
    /** Resolves with the sequence from which the second node resumes. */
    const resumedFrom = async (): Promise<unknown> => {
      await runUntil(() => second.manager.status().ready === 1);
      await waiting;
      return (gateway.sent(6).at(-1)?.d as { seq?: unknown } | undefined)?.seq;
    };
    return { ...cluster, first, second, resumedFrom };
  }

  test('writes the session again, for whoever takes the shard over when it is gone', async () => {
    const { clock, gateway, first, second, resumedFrom, stop } = await forgetful();
    gateway.allowViolation('heartbeat-missing', 'the first node is frozen');
    await clock.advanceAsync(LEASE_TTL_MS / 2);
    first.process.freeze();
    expect(await resumedFrom()).toBe(LAST_SEQUENCE);
    await stop(second);
  });

  test('writes it before it hands the shard over', async () => {
    const { first, second, resumedFrom, stop } = await forgetful();
    const stopped = stop(first);
    expect(await resumedFrom()).toBe(LAST_SEQUENCE);
    await stopped;
    await stop(second);
  });
});
