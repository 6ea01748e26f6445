/** What becomes of the sessions of one shard count when a bot runs with another one, and then with the first again. */
import { mkdtemp, readdir, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, beforeEach, describe, expect, test } from 'vitest';
import { FileSessionStore, MemoryIdentifyGate, MemorySessionStore, Shard } from '../../src/index.ts';
import type {
  Dispatch,
  IdentifyGate,
  ManagerOptions,
  Session,
  SessionStore,
  ShardManager,
  ShardOptions,
} from '../../src/index.ts';
import { systemClock } from '../../src/clock.ts';
import { SessionBuffer } from '../../src/manager/reshard/session-buffer.ts';
import { Token } from '../../src/protocol/token.ts';
import { ClaimedSessionStore } from '../../src/session/claimed-session-store.ts';
import { SessionOrigin } from '../../src/session/session-origin.ts';
import { SupersededSessions } from '../../src/session/superseded-sessions.ts';
import { FakeGateway } from '../../src/testing/index.ts';
import { quickManager } from '../kit/live-manager.ts';
import { aSession } from '../kit/session-store-conformance.ts';
import { QUICK } from '../kit/timing.ts';

const TOKEN = 'MjIyMjIyMjIyMjIyMjIyMjIy.Cl2FMQ.secret';
const OTHER_TOKEN = 'MTExMTExMTExMTExMTExMTEx.Cl2FMQ.secret';

/** A shard or a manager. */
interface Bot {
  on(name: 'dispatch', listener: (dispatch: Dispatch) => void): unknown;
  connect(): Promise<void>;
  disconnect(): Promise<void>;
}

/** Lets the shards identify that it names, and no other. */
const gateFor = (...shardIds: number[]): IdentifyGate => ({
  acquire: async ({ shardId }) => {
    if (!shardIds.includes(shardId)) await new Promise(() => undefined);
    return { sent: () => undefined, release: () => undefined };
  },
});

const origin = new SessionOrigin({ token: new Token(TOKEN), intents: 1, version: 10, compression: 'none' });
const claimed = (store: SessionStore): ClaimedSessionStore =>
  new ClaimedSessionStore(store, { clock: systemClock, timeoutMs: 10_000, report: () => undefined });

describe('the sessions of another shard count', () => {
  let gateway: FakeGateway;
  let directory: string;
  const open: Bot[] = [];

  beforeEach(async () => {
    gateway = await FakeGateway.listen({ heartbeatIntervalMs: 1_000, identifyIntervalMs: 0 });
    directory = await mkdtemp(join(tmpdir(), 'superseded-sessions-'));
  });

  afterEach(async () => {
    for (const one of open.splice(0)) await one.disconnect();
    await gateway.close();
    await rm(directory, { recursive: true, force: true });
  });

  const createManager = (options: Partial<ManagerOptions>): ShardManager => {
    const sessionStore = new FileSessionStore(directory);
    const manager = quickManager(gateway, { token: TOKEN, sessionStore, ...options });
    open.push(manager);
    return manager;
  };

  const createShard = (shardId: number, shardCount: number, options: Partial<ShardOptions> = {}): Shard => {
    const shard = new Shard({
      token: TOKEN,
      intents: ['Guilds'],
      url: gateway.url,
      timing: QUICK,
      identifyGate: new MemoryIdentifyGate({ spacingMs: 0, marginMs: 0 }),
      sessionStore: new FileSessionStore(directory),
      shardId,
      shardCount,
      ...options,
    });
    open.push(shard);
    return shard;
  };

  /** Connects bots, sends a message to every session there is, and stops when each bot has it. Returns all they got. */
  const run = async (content: string, ...bots: Bot[]): Promise<Set<string>> => {
    const contents = new Set<string>();
    const received = bots.map(
      (bot) =>
        new Promise<void>((resolve) => {
          bot.on('dispatch', ({ t, d }) => {
            if (t !== 'MESSAGE_CREATE') return;
            const message = d as { content: string };
            contents.add(message.content);
            if (message.content === content) resolve();
          });
        }),
    );
    await Promise.all(bots.map((bot) => bot.connect()));
    gateway.dispatch('MESSAGE_CREATE', { content });
    await Promise.all(received);
    await Promise.all(bots.map((bot) => bot.disconnect()));
    return contents;
  };

  const storedCounts = async (store: SessionStore = new FileSessionStore(directory)): Promise<(number | undefined)[]> =>
    Promise.all([0, 1, 2, 3].map(async (id) => (await store.load(id))?.shardCount));

  describe.each([0, 1])('of a manager with %i workers', (workers) => {
    test.each([
      [3, 1],
      [3, 2],
      [2, 3],
    ])(
      'are not resumed by a process of %i shards that returns after one of %i',
      async (total, between) => {
        const first = createManager({ workers, shards: total });
        await run('1', first);
        await run('2', createManager({ workers, shards: between }));
        expect(await run('3', first)).toEqual(new Set(['3']));
        expect(gateway.stats).toMatchObject({ identifies: total + between + total, resumes: 0 });
      },
      60_000,
    );

    test('are not resumed by the next process of that count', async () => {
      await run('1', createManager({ workers, shards: 3 }));
      await run('2', createManager({ workers, shards: 1 }));
      expect(await run('3', createManager({ workers, shards: 3 }))).toEqual(new Set(['3']));
      expect(gateway.stats).toMatchObject({ identifies: 7, resumes: 0 });
    }, 60_000);

    test('are not resumed after a process that has started only one of its shards', async () => {
      const first = createManager({ workers, shards: 3 });
      await run('1', first);
      const other = createManager({ workers, shards: 2, identifyGate: gateFor(0) });
      other.connect().catch(() => undefined);
      await new Promise<void>((resolve) => other.on('ready', () => resolve()));
      await other.disconnect();
      expect(await storedCounts()).toEqual([2, undefined, undefined, undefined]);
      await run('2', first);
      expect(gateway.stats).toMatchObject({ identifies: 7, resumes: 0 });
    }, 60_000);
  });

  test('stay until a shard of the new count is ready', async () => {
    await run('1', createManager({ shards: 3 }));
    const other = createManager({ shards: 1, identifyGate: gateFor() });
    other.connect().catch(() => undefined);
    await new Promise<void>((resolve) => other.on('hello', () => resolve()));
    await other.disconnect();
    expect((await storedCounts()).slice(1)).toEqual([3, 3, undefined]);
  });

  test('are not resumed although the shards of the new count had no session', async () => {
    const first = createManager({ shards: 3 });
    await first.connect();
    await first.shards.get(0)?.disconnect({ session: 'discard' });
    await first.disconnect();
    await run('1', createManager({ shards: 1 }));
    expect(await run('2', first)).toEqual(new Set(['2']));
    expect(gateway.stats).toMatchObject({ identifies: 7, resumes: 0 });
  });

  test('stay cleared if a shard has just asked for its own', async () => {
    const store = new MemorySessionStore();
    for (const shardId of [0, 1]) await store.save(aSession({ shardId, shardCount: 3 }));
    const buffer = new SessionBuffer({
      clock: systemClock,
      store: claimed(store),
      origin,
      lowestPendingSequence: () => null,
      report: () => undefined,
    });
    await Promise.all([buffer.preload(0), buffer.preload(1)]);
    // In one turn, as the messages of a thread come.
    const loaded = buffer.load(1);
    await buffer.save(aSession({ shardId: 0, shardCount: 2, sessionId: 'new' }));
    expect(await loaded).toBeNull();
    await buffer.stop();
    expect(await storedCounts(store)).toEqual([2, undefined, undefined, undefined]);
  });

  test('are cleared by a process that has run their shards before others did', async () => {
    const [first, other] = [claimed(new FileSessionStore(directory)), claimed(new FileSessionStore(directory))];
    await first.hold(1);
    await first.release();
    await other.hold(1);
    await other.save(aSession({ shardId: 1, shardCount: 3 }));
    await other.release();
    const options = { store: first, clearSnapshot: null, origin, own: () => null, isCleared: () => true };
    const superseded = new SupersededSessions(options);
    superseded.onLoaded(aSession({ shardId: 0, shardCount: 3 }));
    superseded.onBegun(aSession({ shardId: 0, shardCount: 1 }), Promise.resolve());
    await superseded.clearing;
    expect(await storedCounts()).toEqual([undefined, undefined, undefined, undefined]);
    // The shard is free again, and the other process learns that it was not.
    expect(await other.hold(1)).toBe(true);
    await other.release();
  });

  test('are not looked for where the store has a session of this count', async () => {
    const loaded: number[] = [];
    class WatchedStore extends MemorySessionStore {
      override async load(shardId: number): Promise<Session | null> {
        loaded.push(shardId);
        return super.load(shardId);
      }
    }
    const sessionStore = new WatchedStore();
    await run('1', createManager({ shards: 2, sessionStore }));
    expect(loaded).toEqual([0, 1, 2]);
    await run('2', createManager({ shards: 2, sessionStore }));
    expect(loaded.slice(3)).toEqual([0, 1]);
  });

  test('are cleared in a store in memory too', async () => {
    const sessionStore = new MemorySessionStore();
    await run('1', createManager({ shards: 3, sessionStore }));
    await run('2', createManager({ shards: 1, sessionStore }));
    expect(await storedCounts(sessionStore)).toEqual([1, undefined, undefined, undefined]);
  });

  test('are not resumed by shards without a manager', async () => {
    const first = [createShard(0, 2), createShard(1, 2)];
    await run('1', ...first);
    await run('2', createShard(0, 1));
    expect(await run('3', ...first)).toEqual(new Set(['3']));
    expect(gateway.stats).toMatchObject({ identifies: 5, resumes: 0 });
  });

  test('are cleared by several shards without a manager, each a part', async () => {
    await run('1', createManager({ shards: 4 }));
    await run('2', createShard(0, 2));
    expect(await storedCounts()).toEqual([2, 4, undefined, 4]);
    await run('3', createShard(1, 2));
    expect(await storedCounts()).toEqual([2, 2, undefined, undefined]);
  });

  test('are cleared with their guilds', async () => {
    await run('1', createManager({ shards: 3, warmStart: true }));
    await run('2', createShard(0, 1, { warmStart: true }));
    expect((await readdir(directory)).filter((name) => /[12]\.(json|guilds)$/.test(name))).toEqual([]);
    await run('3', createManager({ shards: 3, warmStart: true }));
    await run('4', createManager({ shards: 1, warmStart: true }));
    expect((await readdir(directory)).filter((name) => /[12]\.(json|guilds)$/.test(name))).toEqual([]);
  });

  test('stay while another process runs their shards', async () => {
    await run('1', createManager({ shards: { total: 3, ids: [0] } }));
    const other = createManager({ shards: { total: 3, ids: [1, 2] } });
    await other.connect();
    await run('2', createManager({ shards: 1 }));
    expect(await storedCounts()).toEqual([1, 3, 3, undefined]);
    await other.disconnect();
  });

  test('stay if they belong to another bot', async () => {
    await run('1', createManager({ shards: 3, token: OTHER_TOKEN }));
    await run('2', createManager({ shards: 1 }));
    expect(await storedCounts()).toEqual([1, 3, 3, undefined]);
  });

  test('are no fault where the store can neither read nor clear them', async () => {
    class BrokenStore extends MemorySessionStore {
      override async load(shardId: number): Promise<Session | null> {
        if (shardId === 1) throw new Error('the disk is broken');
        return super.load(shardId);
      }

      override async clear(shardId: number): Promise<void> {
        if (shardId === 2) throw new Error('the disk is broken');
        await super.clear(shardId);
      }
    }
    const sessionStore = new BrokenStore();
    const manager = createManager({ shards: 1, sessionStore });
    const faults: unknown[] = [];
    manager.on('fault', (error) => faults.push(error));
    for (const shardId of [0, 1, 2, 3])
      await sessionStore.save({
        sessionId: `s${shardId}`,
        resumeUrl: gateway.url,
        sequence: 1,
        shardId,
        shardCount: 4,
      });
    await run('1', manager);
    expect(faults).toEqual([]);
    expect(await sessionStore.load(3)).toBeNull();
  });

  test.each([2 ** 32, Number.MAX_SAFE_INTEGER])(
    'are looked for up to a bound, if one names the count %d',
    async (n) => {
      const asked = new Set<number>();
      class AskedStore extends MemorySessionStore {
        override load(shardId: number): Promise<Session | null> {
          asked.add(shardId);
          return super.load(shardId);
        }
      }
      const sessionStore = new AskedStore();
      const stored = { resumeUrl: gateway.url, sequence: 1, shardCount: n };
      await sessionStore.save({ ...stored, sessionId: 's0', shardId: 0 });
      await sessionStore.save({ ...stored, sessionId: 's9', shardId: 9 });
      await run('1', createManager({ shards: 1, sessionStore }));
      expect(await sessionStore.load(9)).toBeNull();
      expect(Math.max(...asked)).toBeLessThan(100_000);
    },
  );
});
