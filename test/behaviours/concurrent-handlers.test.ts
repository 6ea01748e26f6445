/** Handlers that take time keep the order of each guild, cost bounded memory, and lose nothing. */
import { describe, expect, test } from 'vitest';
import { MemorySessionStore } from '../../src/index.ts';
import type { DispatchHandlerOptions } from '../../src/index.ts';
import { liveManager, nextEvent as nextManagerEvent } from '../kit/live-manager.ts';
import { liveShard, nextEvent } from '../kit/live-shard.ts';
import { QUICK } from '../kit/timing.ts';
import { readyShard } from '../kit/virtual-shard.ts';
import { virtualManager } from '../kit/virtual-manager.ts';

const GUILDS = 7;
const CONCURRENCY = 3;
const PAD = 'y'.repeat(20_000);
const range = (count: number): number[] => Array.from({ length: count }, (_, id) => id);

/** The ids that a handler should be called with, for each guild. */
const byGuild = (ids: readonly number[]): number[][] =>
  range(GUILDS).map((guild) => ids.filter((id) => id % GUILDS === guild));

const ignore = (): void => undefined;

/** A handler that takes turns of the event loop, the first calls until `open()`, and records what it finds. */
function measuredHandler() {
  const opened = Promise.withResolvers<void>();
  const handled: number[] = [];
  const running = new Set<number>();
  const violations: string[] = [];
  let onHandled = ignore;
  return {
    handled,
    violations,
    open: opened.resolve,
    options: { concurrency: CONCURRENCY } satisfies DispatchHandlerOptions,
    handler: async (data: unknown): Promise<void> => {
      const id = Number((data as { id: string }).id);
      const guild = id % GUILDS;
      if (running.has(guild)) violations.push(`two of guild ${guild} at once`);
      running.add(guild);
      if (running.size > CONCURRENCY) violations.push(`${running.size} at once`);
      handled.push(id);
      await opened.promise;
      for (let turns = 1 + (id % 3); turns > 0; turns -= 1) await new Promise(setImmediate);
      running.delete(guild);
      onHandled();
      if (id % 10 === 0) throw new Error('as a handler may');
    },
    /** Resolves when so many dispatches have been handled. */
    until: (count: number): Promise<void> =>
      new Promise((resolve) => {
        onHandled = () => {
          if (handled.length === count && running.size === 0) resolve();
        };
      }),
  };
}

const messageOf = (id: number): object => ({ id: String(id), guild_id: String(id % GUILDS), pad: PAD });

describe('handlers with concurrency', () => {
  test.each(['none', 'zlib-stream'] as const)(
    '93. a handler slower than its events is called once for each, in the order of each guild, over BUFFER_FULL (%s)',
    async (compression) => {
      await using kit = await liveShard({ compression, maxBufferedBytes: 1_000_000 }, { heartbeatIntervalMs: 1_000 });
      const { gateway, shard, events } = kit;
      const { handled, violations, open, handler, options, until } = measuredHandler();
      await shard.connect();
      shard.onDispatch('MESSAGE_CREATE', handler, options);
      const full = nextEvent(shard, 'fault', ({ code }) => code === 'BUFFER_FULL');
      const done = until(400);
      for (const id of range(400)) gateway.dispatch('MESSAGE_CREATE', messageOf(id));
      await full;
      open();
      await done;
      expect(violations).toEqual([]);
      expect(byGuild(handled)).toEqual(byGuild(range(400)));
      expect(new Set(events.of('fault').map(({ code }) => code))).toEqual(new Set(['BUFFER_FULL', 'LISTENER_THREW']));
      expect(gateway.stats.identifies).toBe(1);
    },
  );

  test.each([0, 2])(
    '93. a handler of a manager with %i workers is called once for each event, in the order of each guild',
    async (workers) => {
      await using kit = await liveManager(
        { shards: 2, workers, compression: 'none', maxBufferedBytes: 1_000_000 },
        { heartbeatIntervalMs: 1_000, shards: 2 },
      );
      const { gateway, manager } = kit;
      const { handled, violations, open, handler, options, until } = measuredHandler();
      await manager.connect();
      manager.onDispatch('MESSAGE_CREATE', handler, options);
      const full = nextManagerEvent(manager, 'fault', ({ code }) => code === 'BUFFER_FULL');
      const done = until(400);
      for (const id of range(400)) gateway.dispatch('MESSAGE_CREATE', messageOf(id), { shardId: (id % GUILDS) % 2 });
      await full;
      open();
      await done;
      expect(violations).toEqual([]);
      expect(byGuild(handled)).toEqual(byGuild(range(400)));
      expect(gateway.stats.identifies).toBe(2);
    },
  );

  test('94. a bot that is stopped while events wait for its handler: the next process handles the rest, and none twice', async () => {
    const sessionStore = new MemorySessionStore();
    await using kit = await liveShard({ sessionStore }, { heartbeatIntervalMs: 1_000 });
    const { gateway, shard } = kit;
    const first: number[] = [];
    const ended = Promise.withResolvers<void>();
    await shard.connect();
    shard.onDispatch(
      'MESSAGE_CREATE',
      async ({ id }) => {
        first.push(Number(id));
        if (id === '5') await shard.disconnect().then(ended.resolve);
        else await new Promise(setImmediate);
      },
      { concurrency: 1 },
    );
    for (const id of range(20)) gateway.dispatch('MESSAGE_CREATE', { id: String(id), guild_id: '1' });
    await ended.promise;
    await using next = await liveShard({ sessionStore, url: gateway.url });
    const second = Promise.withResolvers<number[]>();
    const rest: number[] = [];
    next.shard.onDispatch(
      'MESSAGE_CREATE',
      async ({ id }) => {
        rest.push(Number(id));
        await Promise.resolve();
        if (id === '19') second.resolve(rest);
      },
      { concurrency: 1 },
    );
    await next.shard.connect();
    expect([...first, ...(await second.promise)]).toEqual(range(20));
    expect(gateway.stats.identifies).toBe(1);
  });

  test('95. the READY of a new session that a consumer has not taken is not stored as delivered', async () => {
    const sessionStore = new MemorySessionStore();
    const { manager, clock, gateway } = virtualManager({ shards: 1 }, { sessionStore });
    void manager.connect();
    await clock.advanceAsync(1_000);
    const stream = manager.dispatches();
    gateway.dispatch('MESSAGE_CREATE', { id: '1' });
    gateway.last.receive({ op: 9, d: false });
    gateway.sequence = 0;
    await clock.advanceAsync(20_000);
    expect(await sessionStore.load(0)).toMatchObject({ sessionId: 'session-2', sequence: 0 });
    await stream.next();
    expect((await stream.next()).value).toMatchObject({ t: 'READY', d: { session_id: 'session-2' } });
    await clock.advanceAsync(1_000);
    expect(await sessionStore.load(0)).toMatchObject({ sessionId: 'session-2', sequence: 1 });
    manager.forceClose();
    await clock.advanceAsync(10);
  });

  test.each([0, 1])(
    '96. a listener that blocks the event loop is a fault with the name of its event and the ms, with %i workers',
    async (workers) => {
      const timing = { ...QUICK, slowListenerMs: 250 };
      await using kit = await liveManager({ shards: 1, workers, timing }, { heartbeatIntervalMs: 10_000 });
      const { gateway, manager } = kit;
      await manager.connect();
      manager.onDispatch(
        'MESSAGE_CREATE',
        () => void Atomics.wait(new Int32Array(new SharedArrayBuffer(4)), 0, 0, 300),
      );
      const slow = nextManagerEvent(manager, 'fault');
      gateway.dispatch('TYPING_START', {});
      gateway.dispatch('MESSAGE_CREATE', { id: '1' });
      const [{ code, message }, shardId] = await slow;
      expect([code, shardId]).toEqual(['SLOW_LISTENER', 0]);
      const [, name, ms] = /^the listeners of (\w+) blocked the event loop for (\d+) ms$/.exec(message) ?? [];
      expect(name).toBe('MESSAGE_CREATE');
      expect(Number(ms)).toBeGreaterThanOrEqual(290);
    },
  );

  test('97. a handler that hangs is a fault after 30 s, and the other guilds are handled all the same', async () => {
    const { shard, gateway, clock } = await readyShard();
    const faults: string[] = [];
    shard.on('fault', ({ code, message }) => faults.push(`${code}: ${message}`));
    const handled: string[] = [];
    shard.onDispatch(
      'MESSAGE_CREATE',
      ({ id }) => {
        handled.push(id);
        return id === '1' ? new Promise(() => undefined) : Promise.resolve();
      },
      { concurrency: 2 },
    );
    for (const [id, guild] of [
      ['1', 'a'],
      ['2', 'a'],
      ['3', 'b'],
      ['4', 'c'],
    ])
      gateway.dispatch('MESSAGE_CREATE', { id, guild_id: guild });
    await clock.advanceAsync(3_600_000);
    expect(handled).toEqual(['1', '3', '4']);
    expect(faults).toEqual(['SLOW_LISTENER: a handler of MESSAGE_CREATE has been running for 30 s']);
  });
});
