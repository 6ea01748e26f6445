import { mkdtemp, readdir, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { describe, expect, test } from 'vitest';
import { FileSessionStore } from '../../src/index.ts';
import type { EventName, ManagerOptions, ShardManager } from '../../src/index.ts';
import { shardIdForGuild } from '../../src/protocol/guild-sharding.ts';
import type { FakeGateway } from '../../src/testing/index.ts';
import { RULES_BROKEN_BY_HAND_OVER, liveManager, nextEvent, quickManager } from '../kit/live-manager.ts';
import { watchThreads } from '../kit/threads.ts';

const GUILD_IDS = [1, 2, 3, 4, 5, 6, 7].map((n) => String(BigInt(n) << 22n));
const GATEWAY = { readyGuilds: GUILD_IDS.map((id) => ({ id, name: `guild ${id}`, channels: [] })) };

async function aDirectory() {
  const directory = await mkdtemp(join(tmpdir(), 'shardwright-warm-'));
  return { directory, [Symbol.asyncDispose]: () => rm(directory, { recursive: true }) };
}

/** Resolves when the guilds of a new session have come. */
async function untilGuildsCame(manager: ShardManager, connecting: () => Promise<unknown>): Promise<void> {
  const missing = new Set(GUILD_IDS);
  const came = Promise.withResolvers<void>();
  const remove = manager.onDispatch('GUILD_CREATE', ({ id }) => {
    missing.delete(id);
    if (missing.size === 0) came.resolve();
  });
  await Promise.all([connecting(), came.promise]);
  remove();
}

/** Adds a channel to each guild. Resolves when the manager has delivered the message that comes after it. */
async function addChannels(gateway: FakeGateway, manager: ShardManager, total: number, name: string): Promise<void> {
  for (const id of GUILD_IDS)
    gateway.dispatch(
      'CHANNEL_CREATE',
      { id: `${name} of ${id}`, guild_id: id },
      { shardId: shardIdForGuild(id, total) },
    );
  for (let shardId = 0; shardId < total; shardId += 1) {
    const delivered = Promise.withResolvers<void>();
    const remove = manager.onDispatch('MESSAGE_CREATE', (_, __, from) => {
      if (from === shardId) delivered.resolve();
    });
    gateway.dispatch('MESSAGE_CREATE', { id: '1', content: '' }, { shardId });
    await delivered.promise;
    remove();
  }
}

/** What the next process is delivered first: the channels of each guild, and the shard it comes from. */
async function nextProcess(gateway: FakeGateway, options: Partial<ManagerOptions>) {
  const manager = quickManager(gateway, { warmStart: true, ...options });
  const guilds: Record<string, [shardId: number, channelIds: string[]]> = {};
  manager.onDispatch('GUILD_CREATE', (guild, { isRestored }, shardId) => {
    if (isRestored === true) guilds[guild.id] = [shardId, guild.channels.map(({ id }) => id)];
  });
  await manager.connect();
  await manager.disconnect();
  return guilds;
}

const expected = (total: number, ...names: string[]) =>
  Object.fromEntries(
    GUILD_IDS.map((id) => [id, [shardIdForGuild(id, total), names.map((name) => `${name} of ${id}`)]]),
  );

describe('warm start of many shards', () => {
  test.each([0, 2])(
    '115. with %i workers `events` hides no change of a guild from the next process',
    async (workers) => {
      await using place = await aDirectory();
      const sessionStore = new FileSessionStore(place.directory);
      const events: EventName[] = ['MESSAGE_CREATE', 'GUILD_CREATE'];
      const options = { sessionStore, workers, events, shards: 2, warmStart: true };
      await using kit = await liveManager(options, GATEWAY);
      await untilGuildsCame(kit.manager, () => kit.manager.connect());
      await addChannels(kit.gateway, kit.manager, 2, 'one');
      await kit.manager.disconnect();
      expect(await nextProcess(kit.gateway, options)).toEqual(expected(2, 'one'));
      expect(kit.gateway.stats).toMatchObject({ identifies: 2, resumes: 2 });
    },
  );

  test.each([0, 2])(
    '116. with %i workers the shards of a reshard() keep their guilds, and those before them leave none',
    async (workers) => {
      await using place = await aDirectory();
      const options = { sessionStore: new FileSessionStore(place.directory), workers, warmStart: true };
      await using kit = await liveManager({ ...options, shards: 3 }, GATEWAY, { broken: RULES_BROKEN_BY_HAND_OVER });
      const { manager, gateway } = kit;
      await untilGuildsCame(manager, () => manager.connect());
      await manager.reshard(2);
      await addChannels(gateway, manager, 2, 'after');
      await manager.disconnect();
      const files = await readdir(place.directory);
      expect(files.filter((name) => name.endsWith('.guilds'))).toEqual(['shard-0.guilds', 'shard-1.guilds']);
      expect(await nextProcess(gateway, { ...options, shards: 2 })).toEqual(expected(2, 'after'));
      expect(gateway.stats).toMatchObject({ identifies: 3 + 2, resumes: 2 });
    },
  );

  test('116. a thread that dies loses no guild, and the shards that go on in another are delivered none twice', async () => {
    using threads = watchThreads();
    await using place = await aDirectory();
    const options = { sessionStore: new FileSessionStore(place.directory), workers: 1, shards: 2, warmStart: true };
    await using kit = await liveManager(options, GATEWAY);
    const { manager, gateway } = kit;
    let restored = 0;
    manager.on('dispatch', ({ isRestored }) => {
      if (isRestored === true) restored += 1;
    });
    await untilGuildsCame(manager, () => manager.connect());
    await addChannels(gateway, manager, 2, 'before');
    const resumed = [0, 1].map((id) => nextEvent(manager, 'resumed', (_, shardId) => shardId === id));
    await threads.started[0]!.terminate();
    await Promise.all(resumed);
    await addChannels(gateway, manager, 2, 'after');
    await manager.disconnect();
    expect(restored).toBe(0);
    expect(await nextProcess(gateway, options)).toEqual(expected(2, 'before', 'after'));
    expect(gateway.stats).toMatchObject({ identifies: 2 });
  });
});
