/**
 * The snapshot of the guilds against a plain cache: whatever is dispatched, stored, cut off and folded, and at whatever
 * moment the process is killed, the next process is delivered what the cache held at the sequence of its session.
 */
import { deepEqual } from 'node:assert/strict';
import * as fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import { GuildKeeper } from '../../src/session/snapshot/guild-keeper.ts';
import { JournaledSessionStore } from '../../src/session/snapshot/journaled-session-store.ts';
import { SnapshotLog } from '../../src/session/snapshot/snapshot-log.ts';
import { MemorySessionStore } from '../../src/session/memory-session-store.ts';
import { aSession } from '../kit/session-store-conformance.ts';
import { PlainGuildCache } from '../kit/plain-guild-cache.ts';
import { checkProperty, runScript, script, step, turn } from './kit.ts';

const BOT_ID = '1';
const GUILD_IDS = ['10', '11', '12'];
const SESSION_ID = aSession().sessionId;

interface Dispatched {
  readonly t: string;
  readonly s: number;
  readonly d: unknown;
}

/** Writes only a part of what it is given, then fails, as when a process is killed in the middle of a write. */
class TearingStore extends MemorySessionStore {
  tearNext: number | null = null;

  override async appendSnapshot(shardId: number, bytes: Uint8Array): Promise<void> {
    if (this.tearNext === null) return super.appendSnapshot(shardId, bytes);
    await super.appendSnapshot(shardId, bytes.subarray(0, Math.floor(bytes.length * this.tearNext)));
    throw new Error('killed');
  }

  override async saveSnapshot(shardId: number, bytes: Uint8Array): Promise<void> {
    if (this.tearNext !== null) throw new Error('killed');
    return super.saveSnapshot(shardId, bytes);
  }
}

class Bot {
  readonly store = new TearingStore();
  /** Everything that the gateway has sent. */
  readonly sent: Dispatched[] = [];
  #received = 0;
  #saved = 0;
  #log = this.#newLog();
  #keeper = this.#newKeeper();

  #newLog(): SnapshotLog {
    // Some folds happen in each script.
    const limits = { foldBytes: 2_000 };
    return new SnapshotLog({
      shardId: 0,
      store: this.store,
      report: (error) => expect.unreachable(error.message),
      mayWrite: () => true,
      limits,
    });
  }

  #newKeeper(): GuildKeeper {
    const keeper = new GuildKeeper({
      record: (frame) => this.#log.record(frame),
      onError: (cause) => expect.unreachable(String(cause)),
    });
    keeper.start(SESSION_ID, BOT_ID);
    return keeper;
  }

  dispatch(t: string, d: unknown): void {
    this.sent.push({ t, s: this.sent.length + 1, d });
    this.receive();
  }

  /** Receives what was sent and not received. */
  receive(): void {
    for (const { t, s, d } of this.sent.slice(this.#received)) {
      const packet = Buffer.from(JSON.stringify({ t, s, op: 0, d }));
      if (this.#keeper.wants(t)) this.#keeper.keep(SESSION_ID, t, s, packet);
    }
    this.#received = this.sent.length;
  }

  /** Stores the session up to a sequence that was delivered. */
  async save(behind: number): Promise<void> {
    const snapshotSequence = this.#log.sequenceOf(SESSION_ID) ?? 0;
    const sequence = Math.max(this.#saved, this.#received - behind);
    this.#saved = sequence;
    await new JournaledSessionStore(this.store, this.#log).save(aSession({ sequence, snapshotSequence }));
  }

  /** The process ends while it writes, and the next one is delivered its guilds. */
  async kill(tear: number | null): Promise<void> {
    this.store.tearNext = tear;
    if (tear !== null) await this.#log.flush().catch(() => undefined);
    this.store.tearNext = null;
    const session = await this.store.load(0);
    if (session === null) return;
    this.#log = this.#newLog();
    this.#keeper = this.#newKeeper();
    const { index } = await this.#log.load(session);
    const restored = new PlainGuildCache(BOT_ID);
    for await (const { t, data } of index.dispatches()) restored.apply({ t, d: JSON.parse(data.toString()) });
    deepEqual(restored.content, this.cacheAt(session.sequence).content);
    // Discord replays what the session does not count.
    this.#received = session.sequence;
    this.receive();
    await turn();
  }

  cacheAt(sequence: number): PlainGuildCache {
    const cache = new PlainGuildCache(BOT_ID);
    for (const dispatched of this.sent.slice(0, sequence)) cache.apply(structuredClone(dispatched));
    return cache;
  }
}

const names = fc.string({ maxLength: 8 });
const guildId = fc.constantFrom(...GUILD_IDS);
const id = fc.integer({ min: 100, max: 105 }).map(String);
/** Some are so long that they are deflated. */
const topic = fc.oneof(names, fc.constant('long '.repeat(400)));
const channel = fc.record({ id, guild_id: guildId, name: names, topic });
const thread = fc.record({
  id,
  guild_id: guildId,
  parent_id: id,
  name: names,
  thread_metadata: fc.record({ archived: fc.boolean() }),
});
const role = fc.record({ id, name: names });
const user = (userId: string) => ({ id: userId, username: `user ${userId}` });

const aGuild = (idOfGuild: string) =>
  fc.record({
    id: fc.constant(idOfGuild),
    name: names,
    unavailable: fc.constantFrom(false, false, false, true),
    channels: fc.uniqueArray(fc.record({ id, name: names, topic }), { selector: (one) => one.id, maxLength: 3 }),
    threads: fc.constant([]),
    roles: fc.uniqueArray(role, { selector: (one) => one.id, maxLength: 2 }),
    emojis: fc.constant([]),
    stickers: fc.constant([]),
    members: fc.constant([{ user: user('2') }, { user: user(BOT_ID), roles: ['100'] }, { user: user('3') }]),
    presences: fc.constant([{ user: user('2'), status: 'online' }]),
    voice_states: fc.constant([{ user_id: '2' }]),
  });

const dispatches: readonly fc.Arbitrary<readonly [t: string, d: unknown]>[] = [
  guildId.chain(aGuild).map((d) => ['GUILD_CREATE', d]),
  guildId.chain(aGuild).map((d) => ['GUILD_CREATE', d]),
  fc.record({ id: guildId, unavailable: fc.constantFrom(undefined, true) }).map((d) => ['GUILD_DELETE', d]),
  fc.record({ id: guildId, name: names }).map((d) => ['GUILD_UPDATE', d]),
  channel.map((d) => ['CHANNEL_CREATE', d]),
  channel.map((d) => ['CHANNEL_UPDATE', d]),
  channel.map((d) => ['CHANNEL_DELETE', d]),
  thread.map((d) => ['THREAD_CREATE', d]),
  thread.map((d) => ['THREAD_UPDATE', d]),
  thread.map((d) => ['THREAD_DELETE', d]),
  fc
    .record({ guild_id: guildId, channel_ids: fc.constantFrom(undefined, ['100'], ['101', '102']) })
    .map((d) => ['THREAD_LIST_SYNC', { ...d, threads: [], members: [] }]),
  fc.record({ guild_id: guildId, role }).map((d) => ['GUILD_ROLE_CREATE', d]),
  fc.record({ guild_id: guildId, role }).map((d) => ['GUILD_ROLE_UPDATE', d]),
  fc.record({ guild_id: guildId, role_id: id }).map((d) => ['GUILD_ROLE_DELETE', d]),
  fc.record({ guild_id: guildId, emojis: fc.array(role, { maxLength: 2 }) }).map((d) => ['GUILD_EMOJIS_UPDATE', d]),
  fc.record({ guild_id: guildId, stickers: fc.array(role, { maxLength: 2 }) }).map((d) => ['GUILD_STICKERS_UPDATE', d]),
  fc
    .record({ guild_id: guildId, user: fc.constantFrom(user(BOT_ID), user('2')), nick: names })
    .map((d) => ['GUILD_MEMBER_UPDATE', d]),
  fc.record({ id: fc.constant(BOT_ID), username: names }).map((d) => ['USER_UPDATE', d]),
  fc.record({ channel_id: id, content: names }).map((d) => ['MESSAGE_CREATE', d]),
];

const READY = {
  session_id: SESSION_ID,
  user: user(BOT_ID),
  application: { id: '9', flags: 0 },
  guilds: GUILD_IDS.map((one) => ({ id: one, unavailable: true })),
};

const steps = [
  fc.oneof(...dispatches).map(([t, d]) => step<Bot>(`dispatch ${t} ${JSON.stringify(d)}`, (bot) => bot.dispatch(t, d))),
  fc.nat({ max: 3 }).map((behind) => step<Bot>(`save the session, ${behind} behind`, (bot) => bot.save(behind))),
  fc
    .constantFrom(null, 0, 0.3, 0.9)
    .map((tear) => step<Bot>(`kill the process, ${tear} of its last write stored`, (bot) => bot.kill(tear))),
];

describe('the snapshot of the guilds', () => {
  test('agrees with a plain cache at the sequence of the session, whenever the process is killed', async () => {
    const property = fc.asyncProperty(script(steps, 80), async (commands) => {
      const bot = new Bot();
      bot.dispatch('READY', READY);
      await runScript(bot, commands);
      await bot.save(0);
      await bot.kill(null);
    });
    expect(await checkProperty(property, 400)).toBe(400);
  });
});
