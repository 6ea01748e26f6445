/** Resharding with streams, stored sessions, pending requests, presences, and shards that have failed. */
import { describe, expect, test } from 'vitest';
import { MemorySessionStore } from '../../../src/index.ts';
import type { ShardDispatch } from '../../../src/index.ts';
import { guildEvents } from '../../kit/guild-events.ts';
import { RULES_BROKEN_BY_HAND_OVER, nextEvent, liveManager } from '../../kit/live-manager.ts';

describe('ShardManager.reshard()', () => {
  test('a slow stream continues over the hand-over without a gap, each dispatch with the id of its shard', async () => {
    await using kit = await liveManager({ shards: 3 }, {}, { broken: RULES_BROKEN_BY_HAND_OVER });
    const { manager, gateway } = kit;
    await manager.connect();
    const load = guildEvents(gateway, manager);
    const streamed: ShardDispatch[] = [];
    const consuming = (async () => {
      for await (const dispatch of manager.dispatches({ events: ['MESSAGE_CREATE'], highWaterMark: 8 })) {
        streamed.push(dispatch);
        if (streamed.length % 50 === 0) await new Promise((resolve) => setImmediate(resolve));
      }
    })();
    load.begin();
    await manager.reshard(5);
    await load.end();
    await manager.disconnect();
    await consuming;

    const received = new Map<string, string[]>();
    for (const { d } of streamed as unknown as { d: { id: string; guild_id: string } }[])
      received.set(d.guild_id, [...(received.get(d.guild_id) ?? []), d.id]);
    expect([...received.values()].toSorted((a, b) => Number(a[0]) - Number(b[0]))).toEqual(
      load.sent.filter(({ length }) => length > 0).toSorted((a, b) => Number(a[0]) - Number(b[0])),
    );
    expect(new Set(streamed.map(({ shardId }) => shardId))).toEqual(new Set([0, 1, 2, 3, 4]));
  });

  test('the store holds the old sessions until the hand-over, and only the new ones after it', async () => {
    const sessionStore = new MemorySessionStore();
    await using kit = await liveManager({ shards: 4, sessionStore }, {}, { broken: RULES_BROKEN_BY_HAND_OVER });
    const { manager, gateway } = kit;
    const counts = async (): Promise<(number | undefined)[]> =>
      (await Promise.all([0, 1, 2, 3].map((id) => sessionStore.load(id)))).map((session) => session?.shardCount);
    await manager.connect();
    const abort = new AbortController();
    const aborted = manager.reshard(2, { signal: abort.signal });
    await nextEvent(manager, 'progress', ({ ready, total }) => ready === 1 && total === 2);
    expect(await counts()).toEqual([4, 4, 4, 4]);
    abort.abort();
    await expect(aborted).rejects.toMatchObject({ code: 'ABORTED' });
    expect(await counts()).toEqual([4, 4, 4, 4]);

    await manager.reshard(2);
    await gateway.waitUntil(({ connections }) => connections.length === 2);

    expect(await counts()).toEqual([2, 2, undefined, undefined]);
    await manager.disconnect();
    await manager.connect();
    expect(gateway.stats.resumes).toBe(2);
  });

  test('resharding works with failed shards, which is the way out of close code 4011', async () => {
    await using kit = await liveManager({ shards: 2 }, {}, { broken: RULES_BROKEN_BY_HAND_OVER });
    const { manager, gateway } = kit;
    await manager.connect();
    const failed = nextEvent(manager, 'failed');
    gateway.connections[0]!.close(4011);
    await failed;

    await manager.reshard(4);

    expect(manager.status()).toMatchObject({ state: 'running', total: 4, ready: 4 });
  });

  test('a request that an old shard has sent is answered before the shard is closed', async () => {
    await using kit = await liveManager(
      { shards: 2, timing: { closeTimeoutMs: 10_000 } },
      {},
      { broken: RULES_BROKEN_BY_HAND_OVER },
    );
    const { manager, gateway } = kit;
    await manager.connect();
    gateway.holdMembers();
    const asking = manager.shards.get(1)!.requestGuildMembers({ guild_id: '4194304', query: '', limit: 0 });
    await Promise.race(gateway.connections.map((connection) => connection.waitFor(8)));
    const chunks = nextEvent(manager, 'dispatch', ({ t }) => t === 'GUILD_MEMBERS_CHUNK');
    await manager.reshard(4);
    // The four new shards, and the old one with a pending request.
    await gateway.waitUntil(({ connections }) => connections.length === 5);
    gateway.releaseMembers();

    expect((await asking).members.length).toBe(5);
    await chunks;
    await gateway.waitUntil(({ connections }) => connections.length === 4);
  });

  test('the new shards identify with the presence of the last broadcast()', async () => {
    await using kit = await liveManager({ shards: 1 }, {}, { broken: RULES_BROKEN_BY_HAND_OVER });
    const { manager, gateway } = kit;
    await manager.connect();
    const presence = { since: null, activities: [], status: 'dnd', afk: false };
    await manager.broadcast({ op: 3, d: presence as never });
    await manager.reshard(2);
    await gateway.waitUntil(({ connections }) => connections.length === 2);
    expect(gateway.connections.map((connection) => connection.presence)).toEqual([presence, presence]);
  });
});
