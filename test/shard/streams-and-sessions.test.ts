/** What the store may know while a slow consumer still holds dispatches of a session that is over. */
import { expect, test } from 'vitest';
import { MemorySessionStore } from '../../src/index.ts';
import { readyShard, virtualShard } from '../kit/virtual-shard.ts';

test('a dispatch of a new session that waits in a stream is not stored as handed out, whatever waits before it', async () => {
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
  });
  expect(await sessionStore.load(0)).toEqual({ ...shard.session, sequence: 0 });
  for (let n = 0; n < 51; n += 1) await stream.next();
  const disconnected = shard.disconnect();
  await clock.advanceAsync(100);
  await disconnected;
  expect(await sessionStore.load(0)).toEqual(shard.session);
});

test('a dispatch that waits behind one without a sequence is not stored as handed out', async () => {
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

test('a dispatch whose own listener drops the session says nothing of what is handed out in the next', async () => {
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

test('a session that is set back while a stream holds what came of it is stored at what waits lowest', async () => {
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

test('a session that is given up at rest is not sought again, however slow the store', async () => {
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
  expect(gateway.sockets.map(({ url, sent }) => [url.host, sent.map(({ op }) => op).filter((op) => op !== 1)])).toEqual(
    [['main.test', [2]]],
  );
  expect(shard.state).toBe('ready');
});
