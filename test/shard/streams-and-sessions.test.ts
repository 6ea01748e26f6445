/** The stored sequence while a slow consumer still holds dispatches, some of an earlier session. */
import { describe, expect, test } from 'vitest';
import { MemorySessionStore } from '../../src/index.ts';
import { readyShard, virtualShard } from '../kit/virtual-shard.ts';

describe('the stored sequence', () => {
  test('a buffered dispatch of a new session is not stored as delivered, whatever is buffered before it', async () => {
    const sessionStore = new MemorySessionStore();
    const { shard, gateway, clock } = await readyShard({ sessionStore });
    const stream = shard.dispatches();
    for (let n = 0; n < 50; n += 1) gateway.dispatch('TYPING_START');
    gateway.last.receive({ op: 9, d: false });
    gateway.sequence = 0;
    await clock.advanceAsync(10_000);
    expect(shard.session).toEqual({
      sessionId: 'session-2',
      resumeUrl: 'wss://resume.test',
      sequence: 1,
      shardId: 0,
      shardCount: 1,
      bot: expect.any(String) as string,
      intents: 1,
      version: 10,
      compression: 'none',
      encoding: 'json',
    });
    expect(await sessionStore.load(0)).toEqual({ ...shard.session, sequence: 0 });
    for (let n = 0; n < 51; n += 1) await stream.next();
    const disconnected = shard.disconnect();
    await clock.advanceAsync(100);
    await disconnected;
    expect(await sessionStore.load(0)).toEqual(shard.session);
  });

  test('a dispatch buffered behind one without a sequence is not stored as delivered', async () => {
    const sessionStore = new MemorySessionStore();
    const { shard, gateway, clock } = await readyShard({ sessionStore });
    const stream = shard.dispatches();
    gateway.last.receive({ op: 0, t: 'RESUMED', s: null, d: {} });
    gateway.dispatch('TYPING_START');
    await clock.advanceAsync(40_000);
    expect(await sessionStore.load(0)).toMatchObject({ sequence: 1 });
    await stream.next();
    await stream.next();
    await clock.advanceAsync(40_000);
    expect(await sessionStore.load(0)).toMatchObject({ sequence: 2 });
  });

  test('a dispatch whose listener discards the session does not count as delivered in the next session', async () => {
    const sessionStore = new MemorySessionStore();
    const { shard, gateway, clock } = await readyShard({ sessionStore });
    const stream = shard.dispatches();
    for (let n = 0; n < 50; n += 1) gateway.dispatch('TYPING_START');
    shard.once('stateChange', () => shard.once('resumed', () => void shard.reinstantiate()));
    void shard.reconnect();
    await clock.advanceAsync(5);
    gateway.sequence = 60;
    gateway.answers.resumed = true;
    await clock.advanceAsync(600);
    gateway.sequence = 0;
    await clock.advanceAsync(10_000);
    expect(shard.session).toMatchObject({ sessionId: 'session-2', sequence: 1 });
    for (let n = 0; n < 50; n += 1) await stream.next();
    await clock.advanceAsync(40_000);
    expect(await sessionStore.load(0)).toMatchObject({ sessionId: 'session-2', sequence: 0 });
  });

  test('after a roll-back, the stored sequence is below the lowest buffered dispatch', async () => {
    const sessionStore = new MemorySessionStore();
    const { shard, gateway, clock } = await readyShard({ sessionStore });
    const earlier = shard.session!;
    for (let n = 0; n < 20; n += 1) gateway.dispatch('TYPING_START');
    const stream = shard.dispatches();
    gateway.dispatch('TYPING_START');
    gateway.answers.resumed = false;
    shard.resume(earlier).catch(() => undefined);
    await clock.advanceAsync(1_000);
    gateway.sequence = 1;
    gateway.dispatch('TYPING_START');
    shard.forceClose();
    await clock.advanceAsync(0);
    expect(await sessionStore.load(0)).toEqual({ ...earlier, sequence: 1 });
    await stream.return!();
  });

  test('a session discarded while disconnected is not loaded again, even if the store is slow', async () => {
    const hanging = {
      load: () => new Promise<never>(() => undefined),
      save: async () => undefined,
      clear: async () => undefined,
    };
    const session = { sessionId: 'old', resumeUrl: 'wss://resume.test', sequence: 7, shardId: 0, shardCount: 1 };
    const { shard, gateway, clock } = virtualShard({ session, sessionStore: hanging });
    await shard.disconnect({ session: 'discard' });
    void shard.connect();
    await clock.advanceAsync(11_000);
    expect(
      gateway.sockets.map(({ url, sent }) => [url.host, sent.map(({ op }) => op).filter((op) => op !== 1)]),
    ).toEqual([['main.test', [2]]]);
    expect(shard.state).toBe('ready');
  });

  test('a claim that hangs does not cost the session that the shard has', async () => {
    const sessionStore = {
      load: async () => null,
      save: async () => undefined,
      clear: async () => undefined,
      claim: () => new Promise<never>(() => undefined),
    };
    const session = { sessionId: 'old', resumeUrl: 'wss://resume.test', sequence: 7, shardId: 0, shardCount: 1 };
    const { shard, gateway, clock } = virtualShard({ session, sessionStore });
    void shard.connect();
    await clock.advanceAsync(11_000);
    expect(
      gateway.sockets.map(({ url, sent }) => [url.host, sent.map(({ op }) => op).filter((op) => op !== 1)]),
    ).toEqual([['resume.test', [6]]]);
  });
});
