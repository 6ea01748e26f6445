/** What a manager writes to its session store, and when. On virtual time. */
import { describe, expect, test } from 'vitest';
import { MemorySessionStore } from '../../src/index.ts';
import type { Session, SessionLease, SessionStore } from '../../src/index.ts';
import type { VirtualClock } from '../../src/testing/virtual-clock.ts';
import { virtualManager } from '../kit/virtual-manager.ts';

/** Records what is written, and when. */
function recordingStore() {
  const store = new MemorySessionStore();
  const writes: [at: number, shardId: number, sequence: number | 'cleared'][] = [];
  const clock: { current: VirtualClock | null } = { current: null };
  const startedAt = Date.UTC(2026, 0, 1);
  const at = (): number => (clock.current?.now() ?? startedAt) - startedAt;
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
  clock.current = kit.clock;
  const connecting = kit.manager.connect();
  await kit.clock.advanceAsync(1_000);
  await connecting;
  return { ...kit, writes };
}

describe('the sessions of a manager', () => {
  test('writes a new session at once, its sequence at most once a second, and nothing without dispatches', async () => {
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

  test('writes the last delivered sequence when the manager is disconnected', async () => {
    const { manager, clock, gateway, writes } = await startManager();
    gateway.dispatch('MESSAGE_CREATE', { id: '1' });
    const disconnecting = manager.disconnect();
    await clock.advanceAsync(1);
    await disconnecting;
    expect(writes).toEqual([
      [2, 0, 1],
      [1_000, 0, 2],
    ]);
  });

  test('does not write the sequence of a dispatch that a stream still holds', async () => {
    const { manager, clock, gateway, writes } = await startManager();
    const stream = manager.dispatches();
    for (const id of ['1', '2', '3', '4']) gateway.dispatch('MESSAGE_CREATE', { id });
    await stream.next();
    await clock.advanceAsync(1_000);
    expect(writes.at(-1)).toEqual([2_000, 0, 2]);

    await stream.next();
    await stream.next();
    const disconnecting = manager.disconnect();
    await clock.advanceAsync(1);
    await disconnecting;
    expect(writes.at(-1)).toEqual([2_000, 0, 4]);
  });

  test('brings no session back that the next process has cleared, when a stream is read after that', async () => {
    let fence = 0;
    const claim = async (): Promise<SessionLease> => {
      fence += 1;
      return { fence, release: async () => undefined };
    };
    const sessionStore = Object.assign(new MemorySessionStore(), { claim });
    const { manager, clock, gateway } = virtualManager({ shards: 1 }, { sessionStore });
    const faults: unknown[] = [];
    manager.on('fault', ({ code }, shardId) => void faults.push([code, shardId]));
    const connecting = manager.connect();
    await clock.advanceAsync(1_000);
    await connecting;
    const stream = manager.dispatches();
    for (const id of ['1', '2']) gateway.dispatch('MESSAGE_CREATE', { id });
    const disconnecting = manager.disconnect();
    await clock.advanceAsync(1);
    await disconnecting;
    expect(await sessionStore.load(0)).toMatchObject({ sequence: 1 });

    await stream.next();
    manager.forceClose();
    await clock.advanceAsync(1);
    expect(await sessionStore.load(0)).toMatchObject({ sequence: 2 });
    // The next process claims it, and Discord says that it is over.
    await claim();
    await sessionStore.clear(0);
    await stream.next();
    manager.forceClose();
    await clock.advanceAsync(1);
    expect(await sessionStore.load(0)).toBeNull();
    expect(faults).toEqual([['SESSION_IN_USE', 0]]);
  });

  test('goes on to store the sessions of shards that run when a slow store says that another owner had them', async () => {
    let fence = 0;
    let isSlow = false;
    const memory = new MemorySessionStore();
    const claim = async (): Promise<SessionLease> => {
      fence += 1;
      if (isSlow) {
        // Another owner comes first.
        fence += 1;
        await new Promise<void>((resolve) => void kit.clock.setTimeout(resolve, 8_000));
      }
      return { fence, release: () => new Promise<never>(() => undefined) };
    };
    const kit = virtualManager({ shards: 1 }, { sessionStore: Object.assign(memory, { claim }) });
    const { manager, clock, gateway } = kit;
    const connecting = manager.connect();
    await clock.advanceAsync(1_000);
    await connecting;
    const disconnecting = manager.disconnect();
    await clock.advanceAsync(5_000);
    await disconnecting;
    isSlow = true;
    const again = manager.connect();
    await clock.advanceAsync(30_000);
    await again;
    gateway.dispatch('MESSAGE_CREATE', { id: '1' });
    await clock.advanceAsync(2_000);
    const { session } = manager.shards.get(0)!;
    expect(session).not.toBeNull();
    expect(await memory.load(0)).toEqual(session);
    manager.forceClose();
    await clock.advanceAsync(10);
  });

  test('does not write that the READY of a new session was delivered while a stream still holds it', async () => {
    const { manager, clock, gateway, writes } = await startManager();
    const stream = manager.dispatches();
    gateway.dispatch('MESSAGE_CREATE', { id: '1' });
    gateway.last.receive({ op: 9, d: false });
    gateway.sequence = 0;
    await clock.advanceAsync(20_000);
    expect(writes.at(-1)?.slice(1)).toEqual([0, 0]);

    expect([(await stream.next()).value?.t, (await stream.next()).value?.t]).toEqual(['MESSAGE_CREATE', 'READY']);
    await clock.advanceAsync(1_000);
    expect(writes.at(-1)?.slice(1)).toEqual([0, 1]);
    manager.forceClose();
    await clock.advanceAsync(10);
  });

  test('a READY in the place of RESUMED belongs to the new session, whose sequence starts again', async () => {
    const { manager, clock, gateway, writes } = await startManager();
    for (let n = 0; n < 50; n += 1) gateway.dispatch('MESSAGE_CREATE', { id: String(n) });
    const stream = manager.dispatches();
    gateway.intercept = (socket, { op }) => {
      if (op !== 6) return false;
      gateway.sequence = 0;
      gateway.ready(socket);
      gateway.dispatch('GUILD_CREATE', { id: '1' });
      return true;
    };
    gateway.last.end(1006);
    await clock.advanceAsync(20_000);
    expect(writes.at(-1)?.slice(1)).toEqual([0, 0]);
    await stream.next();
    await clock.advanceAsync(1_000);
    expect(writes.at(-1)?.slice(1)).toEqual([0, 1]);
    manager.forceClose();
    await clock.advanceAsync(10);
  });

  test('pauses all sockets while a stream is full, and resumes them well below its highWaterMark', async () => {
    const { manager, clock, gateway } = virtualManager({ shards: 2, limit: { max_concurrency: 2 } });
    const connecting = manager.connect();
    await clock.advanceAsync(1_000);
    await connecting;
    const stream = manager.dispatches({ highWaterMark: 4 });
    const [first, second] = gateway.sockets;
    const paused = (): boolean[] => gateway.sockets.map((socket) => socket.paused);

    for (const id of ['1', '2', '3', '4']) gateway.dispatch('MESSAGE_CREATE', { id }, first);
    // A socket that has received nothing is paused with the next dispatch.
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

  test('clears a session that the gateway has invalidated', async () => {
    const { manager, clock, gateway, writes } = await startManager();
    gateway.last.receive({ op: 9, d: false });
    await clock.advanceAsync(1);
    expect(writes.at(-1)).toEqual([1_000, 0, 'cleared']);
    await clock.advanceAsync(20_000);
    expect(writes.at(-1)?.slice(1)).toEqual([0, 2]);
    manager.forceClose();
    await clock.advanceAsync(10);
  });

  test('reports a failing store as a fault with the id of the shard, and continues', async () => {
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
    const disconnecting = manager.disconnect();
    await clock.advanceAsync(1_000);
    await disconnecting;
  });
});
