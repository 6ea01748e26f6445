/** What every bot of a framework can do on a manager, whatever the framework. Real sockets, strict gateway. */
import { once } from 'node:events';
import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, beforeEach, describe, expect, test } from 'vitest';
import { FileSessionStore, Intents } from '../../src/index.ts';
import type { ManagerOptions, ShardManager } from '../../src/index.ts';
import { FakeGateway } from '../../src/testing/index.ts';
import type { FakeGatewayOptions, OracleRule } from '../../src/testing/index.ts';
import { CHANNEL, GUILD, GUILDS, messageData, messageIds, recordingRest } from './bot-world.ts';
import type { RestCall } from './bot-world.ts';
import { expectNoViolations } from './expect-no-violations.ts';
import { guildId } from './guild-events.ts';
import { RULES_BROKEN_BY_HAND_OVER, nextEvent, quickManager } from './live-manager.ts';
import { TOKEN } from './virtual-shard.ts';

/** A bot of a framework. Everything is done with the functions of the framework. */
export interface FrameworkBot {
  start(): Promise<void>;
  stop(): Promise<void>;
  /** The name of the bot's user; `null` before it is known. */
  readonly userName: string | null;
  /** Answers a message over REST. */
  reply(messageId: string, content: string): Promise<void>;
  /** Resolves with the number of members. */
  fetchMembers(guildId: string): Promise<number>;
  setStatus(status: 'idle' | 'dnd'): unknown;
  joinVoice(guildId: string, channelId: string): unknown;
  leaveVoice(guildId: string): unknown;
  shardIdOf(guildId: string): number;
  readonly shardIds: readonly number[];
  /** The latency of shard 0, as the framework has it; `null` if it is not known. */
  readonly latency: number | null;
}

export interface FrameworkBotOptions {
  readonly manager: ShardManager;
  readonly gateway: FakeGateway;
  /** Called with the id of each message that the framework emits. */
  readonly onMessage: (id: string) => void;
  /** Called when the framework says that all shards are ready. */
  readonly onReady: () => void;
}

type Create<Bot> = (options: FrameworkBotOptions) => Bot;

interface Setup {
  readonly manager?: Partial<ManagerOptions>;
  readonly gateway?: FakeGatewayOptions;
  /** The gateway of another bot, whose sessions this one resumes. */
  readonly on?: FakeGateway;
  /** The rules that the test breaks itself. */
  readonly broken?: readonly OracleRule[];
}

const INTENTS = Intents.Guilds | Intents.GuildMembers | Intents.GuildMessages | Intents.MessageContent;

/** Returns a bot that is not started. */
export async function liveBot<Bot>(create: Create<Bot>, setup: Setup = {}) {
  const restCalls: RestCall[] = [];
  const gateway =
    setup.on ??
    (await FakeGateway.listen({
      token: TOKEN,
      heartbeatIntervalMs: 1_000,
      identifyIntervalMs: 0,
      sessionStartLimit: { maxConcurrency: 16 },
      readyGuilds: GUILDS,
      strict: true,
      rest: recordingRest(restCalls),
      ...setup.gateway,
    }));
  const manager = quickManager(gateway, { intents: INTENTS, ...setup.manager });
  const messages: string[] = [];
  const arrivals = new EventTarget();
  const onMessage = (id: string): void => {
    messages.push(id);
    arrivals.dispatchEvent(new Event(id));
  };
  const seen = { readyTimes: 0 };
  const onReady = (): void => {
    seen.readyTimes += 1;
    arrivals.dispatchEvent(new Event('ready'));
  };
  const bot = create({ manager, gateway, onMessage, onReady });
  const dispatch = (ids: readonly number[]): void => {
    for (const id of ids) gateway.dispatch('MESSAGE_CREATE', messageData(id), { guildId: GUILD });
  };
  const arrived = (id: number): Promise<unknown> => once(arrivals, String(id));
  return {
    gateway,
    manager,
    bot,
    restCalls,
    /** The ids of the messages that the framework has emitted. */
    messages,
    dispatch,
    /** Resolves when the framework emits the message. */
    arrived,
    /** Resolves when the framework has said that all shards are ready as many times. */
    async readyTimes(count: number): Promise<void> {
      while (seen.readyTimes < count) await once(arrivals, 'ready');
      expect(seen.readyTimes).toBe(count);
    },
    /** Dispatches a message. Resolves when the framework has emitted it. */
    async sendMessage(id: number): Promise<void> {
      const received = arrived(id);
      dispatch([id]);
      await received;
    },
    async [Symbol.asyncDispose]() {
      await manager.disconnect();
      if (setup.on === undefined) await gateway.close();
      expectNoViolations(gateway.complaints, setup.broken ?? []);
    },
  };
}

const texts = (ids: readonly number[]): string[] => ids.map(String);

/** Tests the life of a bot, and what it sends. */
export function describeFramework(name: string, create: Create<FrameworkBot>): void {
  describe(`a bot of ${name} on shardwright`, () => {
    test('starts when all shards are ready, and knows its user', async () => {
      await using kit = await liveBot(create);
      const { bot, manager, gateway } = kit;
      await bot.start();
      await kit.readyTimes(1);
      await kit.sendMessage(101);

      expect(bot.userName).toBe('fake-bot');
      expect(bot.shardIds).toEqual([0]);
      expect(manager.state).toBe('running');
      expect(gateway.stats.identifies).toBe(1);
    });

    test('answers a message over REST', async () => {
      await using kit = await liveBot(create);
      await kit.bot.start();
      await kit.sendMessage(101);
      await kit.bot.reply('101', 'pong');

      expect(kit.restCalls).toMatchObject([
        { method: 'POST', path: `/channels/${CHANNEL}/messages`, body: { content: 'pong' } },
      ]);
    });

    test('fetches the members of all chunks', async () => {
      await using kit = await liveBot(create, { gateway: { guildMembers: 1_500 } });
      await kit.bot.start();

      expect(await kit.bot.fetchMembers(GUILD)).toBe(1_500);
    });

    test('identifies with the presence of the manager, and sends another when it is set', async () => {
      const presence = { status: 'idle' as never, since: null, activities: [], afk: false };
      await using kit = await liveBot(create, { manager: { presence } });
      await kit.bot.start();
      const [connection] = kit.gateway.connections;
      expect(connection?.presence).toMatchObject({ status: 'idle' });
      kit.bot.setStatus('dnd');
      await connection!.waitFor(3);

      expect(connection?.presence).toMatchObject({ status: 'dnd', activities: [] });
    });

    test('joins a voice channel, and leaves it', async () => {
      await using kit = await liveBot(create);
      await kit.bot.start();
      kit.bot.joinVoice(GUILD, '40');
      kit.bot.leaveVoice(GUILD);
      const sent = await kit.gateway.connections[0]!.waitFor(4, 2);

      expect(sent.d).toMatchObject({ guild_id: GUILD, channel_id: null });
      expect(kit.gateway.connections[0]!.received.filter(({ op }) => op === 4)).toMatchObject([
        { d: { guild_id: GUILD, channel_id: '40' } },
        { d: { guild_id: GUILD, channel_id: null } },
      ]);
    });

    test('knows the round trip of a heartbeat', async () => {
      await using kit = await liveBot(create, { gateway: { heartbeatIntervalMs: 60_000 } });
      await kit.bot.start();
      expect(kit.bot.latency).toBe(null);
      await kit.manager.shards.get(0)!.heartbeat();

      expect(kit.bot.latency).toBe(kit.manager.shards.get(0)!.ping);
    });

    test('stops with a code that keeps the session, which the next start resumes', async () => {
      await using kit = await liveBot(create);
      const { bot, gateway, messages } = kit;
      await bot.start();
      const [first] = gateway.connections;
      await bot.stop();
      expect(first?.closedWith?.code).toBeGreaterThanOrEqual(3_000);
      const arrived = kit.arrived(101);
      kit.dispatch([101]);
      await bot.start();
      await arrived;

      expect(messages).toEqual(['101']);
      expect(gateway.stats).toMatchObject({ identifies: 1, resumes: 1 });
    });

    test('ignores payloads that it can no longer send when it stops', async () => {
      await using kit = await liveBot(create, { gateway: { heartbeatIntervalMs: 60_000 } });
      await kit.bot.start();
      kit.gateway.refuse();
      kit.gateway.connections[0]!.terminate();
      await nextEvent(kit.manager, 'disconnected');
      kit.bot.setStatus('dnd');
      kit.bot.joinVoice(GUILD, '40');
      kit.bot.leaveVoice(GUILD);
      // The rejections of these promises would fail the test.
      await kit.bot.stop();

      expect(kit.manager.state).toBe('stopped');
    });

    test.each<[string, Partial<ManagerOptions>, number[]]>([
      ['as many shards as Discord recommends', {}, [0, 1]],
      ['as many shards as the manager is given', { shards: 2 }, [0, 1]],
      ['some of the shards', { shards: { total: 2, ids: [1] } }, [1]],
      ['shards in worker threads', { workers: 2 }, [0, 1]],
    ])('runs %s', async (_title, manager, ids) => {
      await using kit = await liveBot(create, { manager, gateway: { shards: 2 } });
      const { bot, gateway } = kit;
      await bot.start();
      await kit.readyTimes(1);
      await kit.sendMessage(101);

      expect(bot.shardIds).toEqual(ids);
      expect([bot.shardIdOf(guildId(0)), bot.shardIdOf(GUILD)]).toEqual([0, 1]);
      expect(await bot.fetchMembers(GUILD)).toBe(5);
      expect(gateway.stats.identifies).toBe(ids.length);
    });

    test('rejects its start with AUTHENTICATION_FAILED for a token that Discord does not know', async () => {
      await using kit = await liveBot(create, { gateway: { token: 'another' } });

      await expect(kit.bot.start()).rejects.toMatchObject({ code: 'AUTHENTICATION_FAILED' });
      expect(kit.gateway.connections).toEqual([]);
    });

    test('rejects its start with DISALLOWED_INTENTS', async () => {
      await using kit = await liveBot(create, { gateway: { disallowedIntents: Intents.MessageContent } });

      await expect(kit.bot.start()).rejects.toMatchObject({ code: 'DISALLOWED_INTENTS' });
    });

    test('rejects its start with STOPPED when it is stopped first', async () => {
      await using kit = await liveBot(create);
      kit.gateway.holdReady();
      const started = kit.bot.start().catch((error: unknown) => error);
      await (await kit.gateway.waitForConnection()).waitFor(2);
      await kit.bot.stop();

      expect(await started).toMatchObject({ code: 'STOPPED' });
    });
  });
}

/** Tests that a bot receives every message once and in order, whatever happens to its connection. */
export function describeRecovery(name: string, create: Create<FrameworkBot>): void {
  describe(`a bot of ${name} whose connection breaks`, () => {
    test('receives 51 of 51 messages, once and in order, when its connection is killed', async () => {
      await using kit = await liveBot(create);
      await kit.bot.start();
      const last = kit.arrived(151);
      kit.dispatch(messageIds(101, 25));
      kit.gateway.connections[0]!.terminate();
      kit.dispatch(messageIds(126, 26));
      await last;

      expect(kit.messages).toEqual(texts(messageIds(101, 51)));
      expect(kit.gateway.stats).toMatchObject({ identifies: 1, resumes: 1 });
    });

    test('receives every message once when the gateway no longer acknowledges heartbeats', async () => {
      await using kit = await liveBot(create, { gateway: { heartbeatIntervalMs: 200 } });
      await kit.bot.start();
      kit.gateway.connections[0]!.holdAcks();
      const resumed = nextEvent(kit.manager, 'resumed');
      kit.dispatch(messageIds(101, 3));
      await resumed;
      await kit.sendMessage(104);

      expect(kit.messages).toEqual(texts(messageIds(101, 4)));
      expect(kit.gateway.stats).toMatchObject({ identifies: 1, resumes: 1 });
    });

    test('receives every message once when the gateway asks to reconnect', async () => {
      await using kit = await liveBot(create);
      await kit.bot.start();
      const last = kit.arrived(106);
      kit.dispatch(messageIds(101, 3));
      kit.gateway.connections[0]!.requestReconnect();
      kit.dispatch(messageIds(104, 3));
      await last;

      expect(kit.messages).toEqual(texts(messageIds(101, 6)));
      expect(kit.gateway.stats).toMatchObject({ identifies: 1, resumes: 1 });
    });

    test('receives every message once after an outage', async () => {
      await using kit = await liveBot(create);
      await kit.bot.start();
      const failed = nextEvent(kit.manager, 'fault');
      const last = kit.arrived(103);
      kit.gateway.refuse();
      kit.gateway.connections[0]!.terminate();
      kit.dispatch(messageIds(101, 3));
      expect(await failed).toMatchObject([{ code: 'CONNECTION_FAILED' }, 0]);
      kit.gateway.accept();
      await last;

      expect(kit.messages).toEqual(texts(messageIds(101, 3)));
      expect(kit.gateway.stats).toMatchObject({ identifies: 1, resumes: 1 });
    });

    test('resumes when the gateway invalidates the session but lets it be resumed', async () => {
      await using kit = await liveBot(create);
      await kit.bot.start();
      const resumed = nextEvent(kit.manager, 'resumed');
      kit.gateway.connections[0]!.invalidateSession(true);
      await resumed;
      await kit.sendMessage(101);

      expect(kit.gateway.stats).toMatchObject({ identifies: 1, resumes: 1 });
    });

    test('starts a new session when the gateway invalidates it, and is ready again', async () => {
      await using kit = await liveBot(create);
      await kit.bot.start();
      await kit.readyTimes(1);
      const reconnected = nextEvent(kit.manager, 'reconnected');
      kit.gateway.connections[0]!.invalidateSession(false);
      await reconnected;
      await kit.readyTimes(2);
      await kit.sendMessage(101);

      expect(kit.gateway.stats).toMatchObject({ identifies: 2, resumes: 0 });
    });

    test('receives every message of two shards in worker threads, whose connections are killed', async () => {
      await using kit = await liveBot(create, { manager: { workers: 2 }, gateway: { shards: 2 } });
      await kit.bot.start();
      const last = kit.arrived(151);
      kit.dispatch(messageIds(101, 25));
      for (const connection of kit.gateway.connections) connection.terminate();
      kit.dispatch(messageIds(126, 26));
      await last;

      expect(kit.messages).toEqual(texts(messageIds(101, 51)));
      // The messages are of one of the shards; the other may resume later.
      await expect.poll(() => kit.gateway.stats).toMatchObject({ identifies: 2, resumes: 2 });
    });

    test('receives every message once while its shards are replaced by more', async () => {
      await using kit = await liveBot(create, { broken: RULES_BROKEN_BY_HAND_OVER });
      const { bot, manager, gateway } = kit;
      await bot.start();
      bot.setStatus('dnd');
      await gateway.connections[0]!.waitFor(3);
      kit.dispatch(messageIds(101, 10));
      const resharded = manager.reshard(2);
      kit.dispatch(messageIds(111, 10));
      await resharded;
      await kit.sendMessage(121);

      expect(kit.messages).toEqual(texts(messageIds(101, 21)));
      expect(bot.shardIds).toEqual([0, 1]);
      expect(bot.shardIdOf(GUILD)).toBe(1);
      expect(await bot.fetchMembers(GUILD)).toBe(5);
      const ofShard1 = gateway.connections.find(({ shard }) => shard?.[0] === 1)!;
      // IDENTIFY carries the presence, or it is sent afterwards.
      if (!JSON.stringify(ofShard1.presence).includes('dnd')) await ofShard1.waitFor(3);
      expect(ofShard1.presence).toMatchObject({ status: 'dnd' });
    });
  });
}

/** Returns the options of a manager that leaves its sessions and guilds to the next process. */
const warmManager = (directory: string): Partial<ManagerOptions> => ({
  shards: 2,
  sessionStore: new FileSessionStore(directory),
  warmStart: true,
});

/** Tests a process that resumes the sessions of another. */
export function describeRestart(name: string, create: Create<FrameworkBot>): void {
  describe(`a bot of ${name} that is restarted with warmStart`, () => {
    let directory: string;

    beforeEach(async () => {
      directory = await mkdtemp(join(tmpdir(), 'shardwright-restart-'));
    });

    afterEach(async () => {
      await rm(directory, { recursive: true, force: true });
    });

    test('is ready as after an IDENTIFY, and receives the messages of the time between', async () => {
      await using first = await liveBot(create, { manager: warmManager(directory), gateway: { shards: 2 } });
      await first.bot.start();
      await first.sendMessage(101);
      await first.bot.stop();
      first.dispatch(messageIds(102, 3));
      await using second = await liveBot(create, { manager: warmManager(directory), on: first.gateway });
      const last = second.arrived(104);
      await second.bot.start();
      await second.readyTimes(1);
      await last;

      expect(second.messages).toEqual(['102', '103', '104']);
      expect(second.bot.userName).toBe('fake-bot');
      expect(first.gateway.stats).toMatchObject({ identifies: 2, resumes: 2 });
    });
  });
}
