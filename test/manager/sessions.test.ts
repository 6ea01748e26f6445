/** What a manager keeps of its sessions, and when. On virtual time. */
import { expect, test } from 'vitest';
import { MemorySessionStore } from '../../src/index.ts';
import type { Session, SessionStore } from '../../src/index.ts';
import type { VirtualClock } from '../../src/testing/virtual-clock.ts';
import { virtualManager } from '../kit/virtual-manager.ts';

/** Takes down what is written, and when. */
function recordingStore() {
  const store = new MemorySessionStore();
  const writes: [at: number, shardId: number, sequence: number | 'cleared'][] = [];
  const clock: { is: VirtualClock | null } = { is: null };
  const startedAt = Date.UTC(2026, 0, 1);
  const at = (): number => (clock.is?.now() ?? startedAt) - startedAt;
  const sessionStore: SessionStore = {
    load: (shardId) => store.load(shardId),
    save: async (session: Session) => {
      writes.push([at(), session.shardId, session.sequence]);
      await store.save(session);
    },
    clear: async (shardId) => {
      writes.push([at(), shardId, 'cleared']);
      await store.clear(shardId);
    },
  };
  return { sessionStore, writes, clock };
}

async function startManager() {
  const { sessionStore, writes, clock } = recordingStore();
  const kit = virtualManager({ shards: 1 }, { sessionStore });
  clock.is = kit.clock;
  const connecting = kit.manager.connect();
  await kit.clock.advanceAsync(1_000);
  await connecting;
  return { ...kit, writes };
}

test('a new session is written at once, its sequence at most once a second, and nothing while nothing comes', async () => {
  const { manager, clock, gateway, writes } = await startManager();
  expect(writes).toEqual([[2, 0, 1]]);

  for (let n = 0; n < 350; n += 1) {
    gateway.dispatch('MESSAGE_CREATE', { id: String(n) });
    await clock.advanceAsync(10);
  }
  await clock.advanceAsync(10_000);

  expect(writes).toEqual([
    [2, 0, 1],
    [2_000, 0, 101],
    [3_000, 0, 201],
    [4_000, 0, 301],
    [5_000, 0, 351],
  ]);
  manager.forceClose();
  await clock.advanceAsync(10);
});

test('what was handed out last is written when the manager is stopped', async () => {
  const { manager, clock, gateway, writes } = await startManager();
  gateway.dispatch('MESSAGE_CREATE', { id: '1' });
  const leaving = manager.disconnect();
  await clock.advanceAsync(1);
  await leaving;
  expect(writes).toEqual([
    [2, 0, 1],
    [1_000, 0, 2],
  ]);
});

test('what a consumer has not taken is not written as handed out', async () => {
  const { manager, clock, gateway, writes } = await startManager();
  const stream = manager.dispatches();
  for (const id of ['1', '2', '3', '4']) gateway.dispatch('MESSAGE_CREATE', { id });
  await stream.next();
  await clock.advanceAsync(1_000);
  expect(writes.at(-1)).toEqual([2_000, 0, 2]);

  await stream.next();
  await stream.next();
  const leaving = manager.disconnect();
  await clock.advanceAsync(1);
  await leaving;
  expect(writes.at(-1)).toEqual([2_000, 0, 4]);
});

test('a consumer that falls behind stops all sockets, and lets them go on well below its mark', async () => {
  const { manager, clock, gateway } = virtualManager({ shards: 2, limit: { max_concurrency: 2 } });
  const connecting = manager.connect();
  await clock.advanceAsync(1_000);
  await connecting;
  const stream = manager.dispatches({ highWaterMark: 4 });
  const [first, second] = gateway.sockets;
  const paused = (): boolean[] => gateway.sockets.map((socket) => socket.paused);

  for (const id of ['1', '2', '3', '4']) gateway.dispatch('MESSAGE_CREATE', { id }, first);
  // A socket that had nothing to say stops with the next that it says.
  gateway.dispatch('MESSAGE_CREATE', { id: '5' }, second);
  expect(paused()).toEqual([true, true]);

  await stream.next();
  await stream.next();
  expect(paused()).toEqual([true, true]);
  await stream.next();
  expect(paused()).toEqual([false, false]);
  manager.forceClose();
  await clock.advanceAsync(10);
});

test('a session that the gateway ends is cleared', async () => {
  const { manager, clock, gateway, writes } = await startManager();
  gateway.last.receive({ op: 9, d: false });
  await clock.advanceAsync(1);
  expect(writes.at(-1)).toEqual([1_000, 0, 'cleared']);
  await clock.advanceAsync(20_000);
  expect(writes.at(-1)?.slice(1)).toEqual([0, 2]);
  manager.forceClose();
  await clock.advanceAsync(10);
});

test('a store that fails is a fault with the id of the shard, not the end', async () => {
  const sessionStore: SessionStore = {
    load: () => Promise.reject(new Error('no disk')),
    save: () => Promise.reject(new Error('no disk')),
    clear: () => Promise.reject(new Error('no disk')),
  };
  const { manager, clock, faults } = virtualManager({ shards: 1 }, { sessionStore });
  const connecting = manager.connect();
  await clock.advanceAsync(1_000);
  await connecting;
  expect(faults).toEqual([
    ['SESSION_STORE_FAILED', 0, 0],
    ['SESSION_STORE_FAILED', 0, 2],
  ]);
  const leaving = manager.disconnect();
  await clock.advanceAsync(1_000);
  await leaving;
});
