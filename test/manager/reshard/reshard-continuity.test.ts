/** Resharding: what becomes of streams, sessions, requests, presences, and of shards that had failed before. */
import { expect, test } from 'vitest';
import { MemorySessionStore } from '../../../src/index.ts';
import type { ShardDispatch } from '../../../src/index.ts';
import { guildEvents } from '../../kit/guild-events.ts';
import { RULES_BROKEN_BY_HAND_OVER, nextEvent, liveManager } from '../../kit/live-manager.ts';

test('a stream that is slow goes over the hand-over without a gap, each dispatch with the shard it came from', async () => {
  await using kit = await liveManager({ shards: 3 }, {}, { broken: RULES_BROKEN_BY_HAND_OVER });
  const { manager, gateway } = kit;
  await manager.connect();
  const load = guildEvents(gateway, manager);
  const taken: ShardDispatch[] = [];
  const taking = (async () => {
    for await (const dispatch of manager.dispatches({ events: ['MESSAGE_CREATE'], highWaterMark: 8 })) {
      taken.push(dispatch);
      if (taken.length % 50 === 0) await new Promise((resolve) => setImmediate(resolve));
    }
  })();
  load.begin();
  await manager.reshard(5);
  await load.end();
  await manager.disconnect();
  await taking;

  const got = new Map<string, string[]>();
  for (const { d } of taken as unknown as { d: { id: string; guild_id: string } }[])
    got.set(d.guild_id, [...(got.get(d.guild_id) ?? []), d.id]);
  expect([...got.values()].toSorted((a, b) => Number(a[0]) - Number(b[0]))).toEqual(
    load.sent.filter(({ length }) => length > 0).toSorted((a, b) => Number(a[0]) - Number(b[0])),
  );
  expect(new Set(taken.map(({ shardId }) => shardId))).toEqual(new Set([0, 1, 2, 3, 4]));
});

test('the store has the old sessions until the hand-over, and then the new ones and no others', async () => {
  const sessionStore = new MemorySessionStore();
  await using kit = await liveManager({ shards: 4, sessionStore }, {}, { broken: RULES_BROKEN_BY_HAND_OVER });
  const { manager, gateway } = kit;
  const counts = async (): Promise<(number | undefined)[]> =>
    (await Promise.all([0, 1, 2, 3].map((id) => sessionStore.load(id)))).map((session) => session?.shardCount);
  await manager.connect();
  const abort = new AbortController();
  const given = manager.reshard(2, { signal: abort.signal });
  await nextEvent(manager, 'progress', ({ ready, total }) => ready === 1 && total === 2);
  expect(await counts()).toEqual([4, 4, 4, 4]);
  abort.abort();
  await expect(given).rejects.toMatchObject({ code: 'ABORTED' });
  expect(await counts()).toEqual([4, 4, 4, 4]);

  await manager.reshard(2);
  await gateway.waitUntil(({ connections }) => connections.length === 2);

  expect(await counts()).toEqual([2, 2, undefined, undefined]);
  await manager.disconnect();
  await manager.connect();
  expect(gateway.stats.resumes).toBe(2);
});

test('shards that had failed do not stand in the way: this is how one gets out of 4011', async () => {
  await using kit = await liveManager({ shards: 2 }, {}, { broken: RULES_BROKEN_BY_HAND_OVER });
  const { manager, gateway } = kit;
  await manager.connect();
  const failed = nextEvent(manager, 'failed');
  gateway.connections[0]!.close(4011);
  await failed;

  await manager.reshard(4);

  expect(manager.status()).toMatchObject({ state: 'running', total: 4, ready: 4 });
});

test('what was asked of an old shard is answered before it is closed', async () => {
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
  // The four new ones, and the one that has something to wait for.
  await gateway.waitUntil(({ connections }) => connections.length === 5);
  gateway.releaseMembers();

  expect((await asking).members.length).toBe(5);
  await chunks;
  await gateway.waitUntil(({ connections }) => connections.length === 4);
});

test('the presence that was broadcast is what the new shards identify with', async () => {
  await using kit = await liveManager({ shards: 1 }, {}, { broken: RULES_BROKEN_BY_HAND_OVER });
  const { manager, gateway } = kit;
  await manager.connect();
  const presence = { since: null, activities: [], status: 'dnd', afk: false };
  await manager.broadcast({ op: 3, d: presence as never });
  await manager.reshard(2);
  await gateway.waitUntil(({ connections }) => connections.length === 2);
  expect(gateway.connections.map((connection) => connection.presence)).toEqual([presence, presence]);
});
