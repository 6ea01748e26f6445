import type { GatewayPresenceUpdateData } from 'discord-api-types/v10';
import { describe, expect, test } from 'vitest';
import { MemorySessionStore } from '../../src/index.ts';
import type { Session, SessionStore, ShardOptions } from '../../src/index.ts';
import { VirtualClock } from '../../src/testing/virtual-clock.ts';
import { virtualManager } from '../kit/virtual-manager.ts';
import { readyShard, virtualShard } from '../kit/virtual-shard.ts';

const OTHER_TOKEN = 'MjIyMjIyMjIyMjIyMjIyMjIy.Cl2FMQ.ZnCjm1XVW7vRze4b7Cq4se7kKWs';

const presence = (name: string): GatewayPresenceUpdateData =>
  ({ since: null, activities: [{ name, type: 0 }], status: 'online', afk: false }) as GatewayPresenceUpdateData;

/** Runs a shard until it has stored its session. */
async function firstLife(options: Partial<ShardOptions> = {}): Promise<MemorySessionStore> {
  const sessionStore = new MemorySessionStore();
  const { clock, shard } = await readyShard({ sessionStore, ...options });
  await Promise.all([shard.disconnect(), clock.advanceAsync(10)]);
  return sessionStore;
}

/** Returns the opcodes that the next process sends until it is ready, without heartbeats. */
async function secondLife(options: Partial<ShardOptions>) {
  const kit = await readyShard(options);
  await kit.clock.advanceAsync(10);
  return { ...kit, ops: kit.gateway.last.sentOps().filter((op) => op !== 1) };
}

const stored = async (store: SessionStore): Promise<Session> => (await store.load(0))!;

/** Records the sequence in the store, and when it was written. */
class RecordingStore implements SessionStore {
  clock = new VirtualClock();
  readonly writes: { at: number; sequence: number }[] = [];

  async load(): Promise<null> {
    return null;
  }

  async save({ sequence }: Session): Promise<void> {
    this.writes.push({ at: this.clock.now(), sequence });
  }

  async clear(): Promise<void> {
    this.writes.length = 0;
  }
}

type OnDispatch = (dispatch: { s: number }) => void;

function aShard(sessionStore: SessionStore, onDispatch: OnDispatch) {
  const { clock, gateway, shard } = virtualShard({ sessionStore });
  shard.on('dispatch', onDispatch);
  return { clock, gateway, connect: () => void shard.connect(), forceClose: () => shard.forceClose() };
}

function aManager(sessionStore: SessionStore, onDispatch: OnDispatch) {
  const { clock, gateway, manager } = virtualManager({}, { sessionStore });
  manager.on('dispatch', onDispatch);
  return { clock, gateway, connect: () => void manager.connect(), forceClose: () => manager.forceClose() };
}

describe('Shard: restarts', () => {
  test.each([
    ['intents', { intents: 513 }],
    ['API version', { version: 9 }],
    ['compression', { compression: 'zstd-stream' }],
    ['encoding', { encoding: 'etf' }],
  ])(
    '61. a session that was started with another value of %s is not resumed: the shard identifies',
    async (_, before) => {
      const sessionStore = await firstLife();
      const session = await stored(sessionStore);
      await sessionStore.save({ ...session, ...before });
      const { gateway, ops, events } = await secondLife({ sessionStore });
      expect(ops).toEqual([2]);
      expect(gateway.last.url.origin).toBe('wss://main.test');
      expect(events.faults).toEqual([]);
      const exported = virtualShard();
      void exported.shard.resume({ ...session, ...before });
      await exported.clock.advanceAsync(100);
      expect(exported.gateway.last.sentOps()).toEqual([2]);
    },
  );

  test('61. a session with the same settings is resumed', async () => {
    const sessionStore = await firstLife();
    expect((await secondLife({ sessionStore })).ops).toEqual([6]);
  });

  test('62. a session of another bot is one fault, and is not resumed: the shard identifies', async () => {
    const sessionStore = await firstLife({ token: OTHER_TOKEN });
    const { ops, events } = await secondLife({ sessionStore });
    expect(ops).toEqual([2]);
    expect(events.of('fault')).toMatchObject([
      {
        code: 'INVALID_SESSION',
        message: 'the session is not resumed, because it was started by another bot',
        hint: expect.stringContaining('Give each bot a session store of its own') as string,
      },
    ]);
  });

  test('62. a new token of the same bot resumes its session, and the stored digest has no part of the token', async () => {
    const sessionStore = await firstLife({ token: OTHER_TOKEN });
    const text = JSON.stringify(await stored(sessionStore));
    for (const secret of [...OTHER_TOKEN.split('.'), '222222222222222222']) expect(text).not.toContain(secret);
    const token = OTHER_TOKEN.replace('Cl2FMQ', 'GAbCdE');
    expect((await secondLife({ sessionStore, token })).ops).toEqual([6]);
  });

  test('63. a shard that resumes with another presence sends it once after RESUMED', async () => {
    const sessionStore = await firstLife({ presence: presence('version 1') });
    const second = await secondLife({ sessionStore, presence: presence('version 2') });
    expect(second.ops).toEqual([6, 3]);
    expect(second.gateway.sent(3)).toMatchObject([{ d: presence('version 2') }]);
    second.gateway.last.end(1006);
    await second.clock.advanceAsync(2_000);
    expect(second.gateway.last.sentOps()).toEqual([6]);
    await Promise.all([second.shard.disconnect(), second.clock.advanceAsync(10)]);
    expect((await secondLife({ sessionStore, presence: presence('version 2') })).ops).toEqual([6]);
  });

  test('63. a shard without a presence keeps the one of the session', async () => {
    const sessionStore = await firstLife({ presence: presence('version 1') });
    expect((await secondLife({ sessionStore })).ops).toEqual([6]);
  });

  test('63. a presence that was never sent, because the connection was lost, is sent after RESUMED', async () => {
    const { clock, gateway, shard } = await readyShard();
    await Promise.all([shard.updatePresence(presence('first')), clock.advanceAsync(10)]);
    gateway.answers.open = false;
    gateway.last.end(1006);
    await Promise.all([
      expect(shard.updatePresence(presence('second'))).rejects.toMatchObject({ code: 'STOPPED' }),
      shard.disconnect(),
      clock.advanceAsync(10),
    ]);
    gateway.answers.open = true;
    void shard.connect();
    await clock.advanceAsync(100);
    expect(gateway.last.sentOps()).toEqual([6, 3]);
    expect(gateway.last.sent.at(-1)).toMatchObject({ d: presence('second') });
  });

  test('64. a session that an earlier version stored is resumed, and then stored with what it belongs to', async () => {
    const sessionStore = await firstLife();
    const { sessionId, resumeUrl, sequence, shardId, shardCount, ...origin } = await stored(sessionStore);
    const old = { sessionId, resumeUrl, sequence, shardId, shardCount };
    await sessionStore.save(old);
    const { clock, ops } = await secondLife({ sessionStore });
    await clock.advanceAsync(1_000);
    expect(ops).toEqual([6]);
    expect(await stored(sessionStore)).toEqual({ ...old, ...origin, sequence: expect.any(Number) as number });
    expect(origin).toEqual({
      bot: expect.stringMatching(/^[\w-]{43}$/) as string,
      intents: 1,
      version: 10,
      compression: 'none',
      encoding: 'json',
    });
  });

  test.each(['Shard', 'ShardManager'])(
    '65. a %s writes the delivered sequence at most once a second, and is never ahead of or a second behind it',
    async (kind) => {
      const sessionStore = new RecordingStore();
      let delivered = 0;
      const onDelivered = ({ s }: { s: number }): void => void (delivered = s);
      const { clock, gateway, connect, forceClose } =
        kind === 'Shard' ? aShard(sessionStore, onDelivered) : aManager(sessionStore, onDelivered);
      sessionStore.clock = clock;
      connect();
      await clock.advanceAsync(100);
      const { writes } = sessionStore;
      const history: { at: number; sequence: number }[] = [];
      for (let turn = 0; turn < 1_000; turn += 1) {
        gateway.dispatch('MESSAGE_CREATE');
        history.push({ at: clock.now(), sequence: delivered });
        await clock.advanceAsync(90);
        const kept = writes.at(-1)!.sequence;
        expect(kept).toBeLessThanOrEqual(delivered);
        // What the next process would be sent again, had this one been killed now.
        const repeated = history.filter(({ sequence }) => sequence > kept);
        expect(repeated.every(({ at }) => clock.now() - at <= 1_000)).toBe(true);
      }
      const gaps = writes.slice(1).map(({ at }, index) => at - writes[index]!.at);
      expect(gaps.filter((gap) => gap < 1_000)).toEqual([]);
      forceClose();
    },
  );

  test('66. what a consumer takes late from a stream is stored within a second, without another dispatch', async () => {
    const sessionStore = new RecordingStore();
    const { clock, gateway, shard } = await readyShard({ sessionStore });
    sessionStore.clock = clock;
    const stream = shard.dispatches();
    for (let count = 0; count < 3; count += 1) gateway.dispatch('MESSAGE_CREATE');
    await clock.advanceAsync(5_000);
    expect(sessionStore.writes.at(-1)?.sequence).toBe(1);
    for (let count = 0; count < 3; count += 1) await stream.next();
    await clock.advanceAsync(1_000);
    expect(sessionStore.writes.at(-1)?.sequence).toBe(4);
  });

  test('66. a dispatch during which a listener stops the shard is stored as delivered', async () => {
    const sessionStore = new MemorySessionStore();
    const { clock, gateway, shard } = await readyShard({ sessionStore });
    shard.onDispatch('MESSAGE_CREATE', () => shard.forceClose());
    gateway.dispatch('MESSAGE_CREATE');
    await clock.advanceAsync(10);
    expect((await stored(sessionStore)).sequence).toBe(2);
    expect(clock.pending).toBe(0);
  });
});
