import { describe, expect, test } from 'vitest';
import { MemorySessionStore, Shard, ShardManager } from '../../src/index.ts';
import type { Dispatch, Session, SessionStore, ShardOptions } from '../../src/index.ts';
import { PlainGuildCache } from '../kit/plain-guild-cache.ts';
import { virtualManager } from '../kit/virtual-manager.ts';
import { TOKEN, virtualShard } from '../kit/virtual-shard.ts';

const BOT = { id: '1', username: 'bot', bot: true };
const APPLICATION = { id: '9', flags: 0 };
const GUILD_IDS = ['10', '11'];
const READY = {
  user: BOT,
  application: APPLICATION,
  guilds: GUILD_IDS.map((id) => ({ id, unavailable: true })),
  session_id: 'session-1',
};

const guild = (id: string) => ({
  id,
  name: `guild ${id}`,
  channels: [{ id: `${id}1`, name: 'general' }],
  threads: [],
  roles: [{ id, name: '@everyone' }],
  emojis: [],
  stickers: [],
  members: [
    { user: { id: '555', username: 'Ann Example' }, roles: [] },
    { user: BOT, roles: [id] },
  ],
  presences: [{ user: { id: '555' }, status: 'online' }],
  voice_states: [{ user_id: '555', channel_id: `${id}1` }],
});

/** A shard that has its guilds. Its process ends as the test wants. */
async function firstLife(sessionStore: SessionStore, options: Partial<ShardOptions> = {}) {
  const kit = virtualShard({ sessionStore, warmStart: true, ...options });
  kit.gateway.readyData = READY;
  void kit.shard.connect();
  await kit.clock.advanceAsync(100);
  for (const id of GUILD_IDS) kit.gateway.dispatch('GUILD_CREATE', guild(id));
  await kit.clock.advanceAsync(1_000);
  return kit;
}

/** The next process: what it is delivered until it is ready. */
async function nextLife(sessionStore: SessionStore, options: Partial<ShardOptions> = {}) {
  const kit = virtualShard({ sessionStore, warmStart: true, ...options });
  kit.gateway.readyData = { user: BOT, application: APPLICATION, guilds: [] };
  const delivered: Dispatch[] = [];
  kit.shard.on('dispatch', (dispatch) => delivered.push(dispatch));
  void kit.shard.connect();
  await kit.clock.advanceAsync(100);
  const ops = kit.gateway.last.sentOps().filter((op) => op !== 1);
  return { ...kit, delivered, restored: delivered.filter(({ isRestored }) => isRestored === true), ops };
}

const contentOf = (dispatches: readonly { t: string; d: unknown }[]): object => {
  const cache = new PlainGuildCache(BOT.id);
  for (const { t, d } of dispatches) cache.apply(structuredClone({ t, d }));
  return cache.content;
};

/** A database: bytes can be taken out and put back. */
async function damage(store: MemorySessionStore, change: (bytes: Buffer) => Uint8Array | null): Promise<void> {
  const changed = change(Buffer.from((await store.loadSnapshot(0))!));
  await (changed === null ? store.clearSnapshot(0) : store.saveSnapshot(0, changed));
}

describe('warm start', () => {
  test('110. a process that resumes is first delivered READY and its guilds as they are now, then the replay', async () => {
    const sessionStore = new MemorySessionStore();
    const first = await firstLife(sessionStore);
    first.gateway.dispatch('CHANNEL_CREATE', { id: '12', guild_id: '10', name: 'new' });
    first.gateway.dispatch('GUILD_DELETE', { id: '11' });
    first.gateway.dispatch('USER_UPDATE', { id: '1', username: 'renamed' });
    await Promise.all([first.shard.disconnect(), first.clock.advanceAsync(10)]);
    const { ops, delivered, restored, shard, events } = await nextLife(sessionStore);
    expect(ops).toEqual([6]);
    expect(delivered.map(({ t, isRestored }) => [t, isRestored])).toEqual([
      ['READY', true],
      ['GUILD_CREATE', true],
      ['RESUMED', undefined],
    ]);
    expect(contentOf(restored)).toEqual({
      user: { ...BOT, username: 'renamed' },
      guilds: {
        10: {
          ...guild('10'),
          channels: [...guild('10').channels, { id: '12', guild_id: '10', name: 'new' }],
          members: [{ user: BOT, roles: ['10'] }],
          presences: [],
          voice_states: [],
        },
      },
      unavailable: [],
    });
    expect(restored.map(({ s }) => s)).toEqual([6, 6]);
    expect(restored[0]?.d).toMatchObject({ application: APPLICATION, session_id: 'session-1' });
    expect(events.of('ready')).toEqual([]);
    expect(shard.lastSequence).toBe(6);
  });

  test('110. a connection that is resumed by the same process delivers nothing twice', async () => {
    const { gateway, clock, shard } = await firstLife(new MemorySessionStore());
    const delivered: Dispatch[] = [];
    shard.on('dispatch', (dispatch) => delivered.push(dispatch));
    gateway.last.end(1006);
    await clock.advanceAsync(5_000);
    await Promise.all([shard.disconnect(), clock.advanceAsync(10)]);
    void shard.connect();
    await clock.advanceAsync(100);
    expect(delivered.map(({ t }) => t)).toEqual(['RESUMED', 'RESUMED']);
  });

  test('110. without the option nothing is kept and nothing is delivered first', async () => {
    const sessionStore = new MemorySessionStore();
    const first = await firstLife(sessionStore, { warmStart: false });
    await Promise.all([first.shard.disconnect(), first.clock.advanceAsync(10)]);
    expect(await sessionStore.loadSnapshot(0)).toBeNull();
    const { delivered, ops } = await nextLife(sessionStore, { warmStart: false });
    expect(ops).toEqual([6]);
    expect(delivered.map(({ t }) => t)).toEqual(['RESUMED']);
  });

  test('111. a process that is killed loses no change that its session counts, at any moment', async () => {
    for (let killedAfterMs = 0; killedAfterMs <= 2_400; killedAfterMs += 300) {
      const sessionStore = new MemorySessionStore();
      const { gateway, clock } = await firstLife(sessionStore);
      const sent: { t: string; s: number; d: unknown }[] = [{ t: 'READY', s: 1, d: READY }];
      for (const id of GUILD_IDS) sent.push({ t: 'GUILD_CREATE', s: sent.length + 1, d: guild(id) });
      for (let ms = 0; ms < killedAfterMs; ms += 100) {
        const d = { id: String(100 + ms), guild_id: '10', name: `after ${ms} ms` };
        gateway.dispatch('CHANNEL_CREATE', d);
        sent.push({ t: 'CHANNEL_CREATE', s: sent.length + 1, d });
        await clock.advanceAsync(100);
      }
      // From here on the process does nothing any more: what the store has is all that is left of it.
      const session = (await sessionStore.load(0))!;
      const { restored } = await nextLife(sessionStore);
      expect(contentOf(restored)).toEqual(contentOf(sent.filter(({ s }) => s <= session.sequence)));
    }
  });

  test.each<[name: string, change: (bytes: Buffer) => Uint8Array | null, reason: string]>([
    ['is missing', () => null, 'was kept without a snapshot'],
    ['is empty', () => new Uint8Array(), 'damaged, or of another version'],
    ['is not a snapshot', () => Buffer.from('{"guilds":[]}'), 'damaged, or of another version'],
    ['is of another version', (bytes) => bytes.fill(9, 3, 4), 'damaged, or of another version'],
    ['has a bad byte in the middle', (bytes) => bytes.fill(bytes[200]! ^ 1, 200, 201), 'damaged'],
    ['lacks its end', (bytes) => bytes.subarray(0, -9), 'older than the session'],
  ])('112. a snapshot that %s is one fault, and the shard identifies', async (_, change, reason) => {
    const sessionStore = new MemorySessionStore();
    const first = await firstLife(sessionStore);
    await Promise.all([first.shard.disconnect(), first.clock.advanceAsync(10)]);
    await damage(sessionStore, change);
    const { ops, delivered, events, clock, shard } = await nextLife(sessionStore);
    expect(ops).toEqual([2]);
    expect(delivered.map(({ t, isRestored }) => [t, isRestored])).toEqual([['READY', undefined]]);
    expect(events.of('fault')).toMatchObject([
      { code: 'SNAPSHOT_FAILED', message: expect.stringContaining(reason) as string },
    ]);
    // The next process has a good snapshot again.
    await Promise.all([shard.disconnect(), clock.advanceAsync(10)]);
    expect((await nextLife(sessionStore)).ops).toEqual([6]);
  });

  test('112. a snapshot of another session is one fault, and the shard identifies', async () => {
    const [one, two] = [new MemorySessionStore(), new MemorySessionStore()];
    for (const [index, store] of [one, two].entries()) {
      const kit = virtualShard({ sessionStore: store, warmStart: true });
      kit.gateway.sessions = index;
      void kit.shard.connect();
      await kit.clock.advanceAsync(100);
      await Promise.all([kit.shard.disconnect(), kit.clock.advanceAsync(10)]);
    }
    await two.saveSnapshot(0, (await one.loadSnapshot(0))!);
    const { ops, events } = await nextLife(two);
    expect(ops).toEqual([2]);
    expect(events.of('fault')).toMatchObject([
      { code: 'SNAPSHOT_FAILED', message: expect.stringContaining('of another session') as string },
    ]);
  });

  test('112. a session that a process without warmStart has kept since is not resumed with old guilds', async () => {
    const sessionStore = new MemorySessionStore();
    const first = await firstLife(sessionStore);
    await Promise.all([first.shard.disconnect(), first.clock.advanceAsync(10)]);
    const second = await nextLife(sessionStore, { warmStart: false });
    second.gateway.sequence = 10;
    second.gateway.dispatch('GUILD_DELETE', { id: '10' });
    await Promise.all([second.shard.disconnect(), second.clock.advanceAsync(1_000)]);
    const { ops, restored } = await nextLife(sessionStore);
    expect(ops).toEqual([2]);
    expect(restored).toEqual([]);
  });

  test('112. a store that never returns the snapshot is a fault, and the shard identifies', async () => {
    const sessionStore = new MemorySessionStore();
    const first = await firstLife(sessionStore);
    await Promise.all([first.shard.disconnect(), first.clock.advanceAsync(10)]);
    sessionStore.loadSnapshot = () => new Promise(() => undefined);
    const { clock, gateway, events, shard } = virtualShard({ sessionStore, warmStart: true });
    void shard.connect();
    await clock.advanceAsync(59_900);
    expect(shard.state).toBe('connecting');
    await clock.advanceAsync(200);
    expect(gateway.last.sentOps()).toEqual([2]);
    expect(events.of('fault')).toMatchObject([{ code: 'SNAPSHOT_FAILED' }]);
    await Promise.all([shard.disconnect(), clock.advanceAsync(10)]);
  });

  test.each([true, false])(
    '113. user and application of the bot are known before a resume is answered (warmStart %s)',
    async (warmStart) => {
      const sessionStore = new MemorySessionStore();
      const first = await firstLife(sessionStore, { warmStart });
      expect([first.shard.user, first.shard.application]).toEqual([BOT, APPLICATION]);
      first.gateway.dispatch('USER_UPDATE', { id: '1', username: 'renamed' });
      await Promise.all([first.shard.disconnect(), first.clock.advanceAsync(10)]);
      const { gateway, clock, shard } = virtualShard({ sessionStore, warmStart });
      gateway.answers.resumed = false;
      void shard.connect();
      await clock.advanceAsync(100);
      expect(gateway.last.sentOps()).toEqual([6]);
      expect([shard.user, shard.application]).toEqual([{ ...BOT, username: 'renamed' }, APPLICATION]);
    },
  );

  test('112. the guilds of a session that was resumed by hand are not taken for those of the session before', async () => {
    const sessionStore = new MemorySessionStore();
    const { gateway, clock, shard } = await firstLife(sessionStore);
    const own = shard.session!;
    const deleted: string[] = [];
    shard.onDispatch('GUILD_DELETE', ({ id }) => deleted.push(id));
    void shard.resume({ ...own, sessionId: 'session-7', sequence: 20, bot: null as never });
    await clock.advanceAsync(5_000);
    gateway.sequence = 30;
    gateway.dispatch('GUILD_DELETE', { id: '10' });
    expect(deleted).toEqual(['10']);
    void shard.resume(own);
    await clock.advanceAsync(5_000);
    await Promise.all([shard.disconnect(), clock.advanceAsync(10)]);
    const { ops, restored } = await nextLife(sessionStore);
    expect(ops).toEqual([6]);
    expect(restored.map(({ t }) => t)).toEqual(['READY', 'GUILD_CREATE', 'GUILD_CREATE']);
  });

  test('114. the snapshot has the bot itself, and nothing of other people or the token', async () => {
    const sessionStore = new MemorySessionStore();
    const { gateway, clock, shard } = await firstLife(sessionStore);
    gateway.dispatch('GUILD_MEMBER_UPDATE', { guild_id: '10', user: { id: '555' }, nick: 'Ann', roles: [] });
    gateway.dispatch('GUILD_MEMBER_UPDATE', { guild_id: '10', user: BOT, nick: 'botty', roles: ['7'] });
    gateway.dispatch('PRESENCE_UPDATE', { guild_id: '10', user: { id: '555' }, status: 'idle' });
    gateway.dispatch('THREAD_MEMBERS_UPDATE', { id: '8', guild_id: '10', added_members: [{ user_id: '555' }] });
    gateway.dispatch('MESSAGE_CREATE', { id: '99', guild_id: '10', content: 'hello Ann' });
    await Promise.all([shard.disconnect(), clock.advanceAsync(10)]);
    const bytes = Buffer.from((await sessionStore.loadSnapshot(0))!);
    for (const secret of ['Ann', '555', 'hello', ...TOKEN.split('.')]) expect(bytes.includes(secret)).toBe(false);
    const { restored } = await nextLife(sessionStore);
    expect(contentOf(restored)).toMatchObject({
      guilds: { 10: { members: [{ user: BOT, nick: 'botty', roles: ['7'] }] } },
    });
  });

  test('115. `events` hides the guilds from listeners, but not from the next process', async () => {
    const sessionStore = new MemorySessionStore();
    const first = await firstLife(sessionStore, { events: ['MESSAGE_CREATE'] });
    await Promise.all([first.shard.disconnect(), first.clock.advanceAsync(10)]);
    const hidden = await nextLife(sessionStore, { events: ['MESSAGE_CREATE'] });
    expect([hidden.ops, hidden.delivered]).toEqual([[6], []]);
    await Promise.all([hidden.shard.disconnect(), hidden.clock.advanceAsync(10)]);
    const { restored } = await nextLife(sessionStore);
    expect(restored.map(({ t }) => t)).toEqual(['READY', 'GUILD_CREATE', 'GUILD_CREATE']);
  });

  test('116. the shards of a manager are each delivered their own guilds, with their ids', async () => {
    const sessionStore = new MemorySessionStore();
    const first = virtualManager({ shards: 2 }, { sessionStore, warmStart: true });
    first.gateway.readyData = READY;
    void first.manager.connect();
    await first.clock.advanceAsync(10_000);
    for (const [index, socket] of first.gateway.sockets.entries())
      first.gateway.dispatch('GUILD_CREATE', guild(GUILD_IDS[index]!), socket);
    await Promise.all([first.manager.disconnect(), first.clock.advanceAsync(10)]);
    const second = virtualManager({ shards: 2 }, { sessionStore, warmStart: true });
    const delivered: string[][] = [[], []];
    second.manager.on('dispatch', ({ t, d, isRestored }, shardId) => {
      if (isRestored === true) delivered[shardId]!.push(t === 'READY' ? t : `${t} ${(d as { id: string }).id}`);
    });
    void second.manager.connect();
    await second.clock.advanceAsync(10_000);
    expect(delivered).toEqual([
      ['READY', 'GUILD_CREATE 10'],
      ['READY', 'GUILD_CREATE 11'],
    ]);
    expect(second.sent(2)).toEqual([]);
    expect(second.manager.user).toEqual(BOT);
  });

  test('116. a consumer of dispatches() that has not taken its guilds yet does not hold the stored sequence back', async () => {
    const sessionStore = new MemorySessionStore();
    const first = await firstLife(sessionStore);
    await Promise.all([first.shard.disconnect(), first.clock.advanceAsync(10)]);
    const { clock, gateway, shard } = virtualShard({ sessionStore, warmStart: true });
    const stream = shard.dispatches({ events: ['READY', 'GUILD_CREATE'] });
    void shard.connect();
    await clock.advanceAsync(100);
    gateway.sequence = 5;
    gateway.dispatch('MESSAGE_CREATE', {});
    await clock.advanceAsync(2_000);
    expect((await sessionStore.load(0))?.sequence).toBe(6);
    const taken = [await stream.next(), await stream.next(), await stream.next()];
    expect(taken.map(({ value }) => [value?.t, value?.isRestored])).toEqual([
      ['READY', true],
      ['GUILD_CREATE', true],
      ['GUILD_CREATE', true],
    ]);
  });

  test.each([
    ['Shard', (options: object) => new Shard({ token: TOKEN, intents: 1, ...options })],
    ['ShardManager', (options: object) => new ShardManager({ token: TOKEN, intents: 1, ...options })],
  ])('117. a %s with warmStart refuses a store that keeps no snapshots', (_, create) => {
    const bare: SessionStore = {
      load: async (): Promise<Session | null> => null,
      save: async () => undefined,
      clear: async () => undefined,
    };
    for (const options of [{}, { sessionStore: bare }])
      expect(() => create({ ...options, warmStart: true })).toThrow(
        expect.objectContaining({ code: 'INVALID_OPTIONS', message: expect.stringContaining('warmStart') as string }),
      );
  });
});
