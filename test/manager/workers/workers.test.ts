/** Worker threads that die, hang, fall behind, and end when they are no longer needed. */
import { inspect } from 'node:util';
import { VirtualClock } from '../../../src/testing/index.ts';
import { describe, expect, test, vi } from 'vitest';
import { GatewayError, ShardManager } from '../../../src/index.ts';
import type { CustomEventName, ManagerEvents, ManagerOptions } from '../../../src/index.ts';
import { guildEvents } from '../../kit/guild-events.ts';
import { RULES_BROKEN_BY_HAND_OVER, nextEvent, liveManager } from '../../kit/live-manager.ts';
import { injectFault, watchThreads } from '../../kit/threads.ts';
import { TOKEN } from '../../kit/virtual-shard.ts';

vi.mock('node:worker_threads', async (importOriginal) => {
  const { withFaults } = await import('../../kit/threads.ts');
  return withFaults(await importOriginal());
});

vi.setConfig({ testTimeout: 60_000 });

/** With heartbeats far apart: a session must outlive a thread that does not answer for a while. */
const threadedManager = (options: Partial<ManagerOptions>, settings: Parameters<typeof liveManager>[2] = {}) =>
  liveManager(options, { heartbeatIntervalMs: 30_000 }, settings);

/** Resolves when a condition holds, checked again whenever a shard changes its state. */
async function until(manager: ShardManager, condition: () => boolean): Promise<void> {
  if (!condition()) await nextEvent(manager, 'stateChange', condition);
}

const allReady = (manager: ShardManager) => until(manager, () => manager.status().ready === manager.total);

/** Dispatches events that are numbered by shard, and records which of them are delivered. */
function numberedEvents(
  { manager, gateway }: Pick<Awaited<ReturnType<typeof liveManager>>, 'manager' | 'gateway'>,
  shards: number,
) {
  const sent = Array.from({ length: shards }, () => 0);
  const received: string[][] = sent.map(() => []);
  manager.onDispatch('MESSAGE_CREATE', ({ id }, _, shardId) => received[shardId]!.push(id));
  const send = (): void => {
    for (let shardId = 0; shardId < shards; shardId += 1) {
      sent[shardId]! += 1;
      gateway.dispatch('MESSAGE_CREATE', { id: String(sent[shardId]) }, { shardId });
    }
  };
  let timer: NodeJS.Timeout | undefined;
  return {
    received,
    begin: (): void => {
      timer = setInterval(send, 8);
    },
    /** Resolves when each shard has received its last event, with the expected ids. */
    end: async (): Promise<string[][]> => {
      clearInterval(timer);
      send();
      const hasLast = (): boolean => received.every((ids, shardId) => ids.at(-1) === String(sent[shardId]));
      if (!hasLast()) await nextEvent(manager, 'dispatch', hasLast);
      return sent.map((count) => Array.from({ length: count }, (_, n) => String(n + 1)));
    },
  };
}

describe('ShardManager with workers', () => {
  test('spreads the shards over threads that run as long as shards need them', async () => {
    using threads = watchThreads();
    await using kit = await threadedManager({ shards: 5, workers: 2 });
    const { manager } = kit;
    expect(threads.started).toEqual([]);
    await manager.connect();
    expect(threads.alive.length).toBe(2);

    await manager.disconnect();

    expect(threads.alive).toEqual([]);
    expect(manager.status().shards.map(({ state }) => state)).toEqual(Array.from({ length: 5 }, () => 'disconnected'));
    await manager.connect();
    expect(threads.alive.length).toBe(2);
    expect(kit.gateway.stats.resumes).toBe(5);
    manager.forceClose();
    expect(manager.status().shards.every(({ state }) => state === 'disconnected')).toBe(true);
    await threads.ended();
  });

  test('replaces a thread that dies under load, and delivers every event once and in order', async () => {
    using threads = watchThreads();
    await using kit = await threadedManager({ shards: 6, workers: 2 });
    const { manager, gateway } = kit;
    const faults: ManagerEvents['fault'][] = [];
    manager.on('fault', (...args) => faults.push(args));
    await manager.connect();
    const events: string[] = [];
    manager.on('stateChange', ({ from, to }, shardId) => shardId === 0 && events.push(`${from} → ${to}`));
    manager.on('disconnected', ({ code, initiator, willReconnect, willResume }, shardId) => {
      if (shardId === 0) events.push(`disconnected ${code} ${initiator} ${willReconnect} ${willResume}`);
    });
    manager.on('reconnected', ({ resumed }, shardId) => shardId === 0 && events.push(`reconnected ${resumed}`));
    const load = numberedEvents(kit, 6);
    load.begin();
    await gateway.waitUntil(({ stats }) => stats.dispatched > 600);

    await threads.started[0]!.terminate();
    await allReady(manager);
    const sent = await load.end();

    expect(load.received).toEqual(sent);
    expect(gateway.stats).toMatchObject({ identifies: 6, resumes: 3, violations: [] });
    expect(faults.map(([{ code, message }, shardId]) => [code, message, shardId])).toEqual([
      ['WORKER_FAILED', 'thread shardwright-0 ended with code 1; it had 3 shards', null],
    ]);
    expect(events).toEqual([
      'ready → reconnecting',
      'disconnected null transport true true',
      'reconnecting → connecting',
      'connecting → resuming',
      'resuming → ready',
      'reconnected true',
    ]);
    expect(threads.started.length).toBe(3);
    expect(threads.alive.length).toBe(2);
  });

  test('replaces a thread that throws, again and again, and reports the error as the cause of a fault', async () => {
    using threads = watchThreads();
    await using kit = await threadedManager({ shards: 4, workers: 1 });
    const { manager, gateway } = kit;
    const causes: unknown[] = [];
    manager.on('fault', ({ cause }) => causes.push(cause));
    await manager.connect();
    const load = numberedEvents(kit, 4);
    load.begin();
    for (let deaths = 1; deaths <= 3; deaths += 1) {
      injectFault('throw');
      await until(manager, () => threads.started.length === deaths + 1);
      await allReady(manager);
    }
    const sent = await load.end();

    expect(load.received).toEqual(sent);
    expect(gateway.stats).toMatchObject({ identifies: 4, resumes: 12, violations: [] });
    expect(causes).toEqual([new TypeError('oops'), new TypeError('oops'), new TypeError('oops')]);
  });

  test('replaces a thread that hangs, and loses no event', async () => {
    using threads = watchThreads();
    await using kit = await threadedManager({ shards: 4, workers: 2, workerTimeoutMs: 3_000 });
    const { manager, gateway } = kit;
    const faults: string[] = [];
    manager.on('fault', ({ message }) => faults.push(message));
    await manager.connect();
    const load = numberedEvents(kit, 4);
    load.begin();
    await gateway.waitUntil(({ stats }) => stats.dispatched > 400);

    injectFault('hang');
    await until(manager, () => threads.started.length >= 4);
    await allReady(manager);
    const sent = await load.end();

    expect(load.received).toEqual(sent);
    expect(gateway.stats).toMatchObject({ identifies: 4, violations: [] });
    expect(faults.slice(0, 2).toSorted()).toEqual([
      'thread shardwright-0 did not answer for 3 s; it had 2 shards',
      'thread shardwright-1 did not answer for 3 s; it had 2 shards',
    ]);
  });

  test('disconnect() does not wait for a thread that hangs, and ends it', async () => {
    using threads = watchThreads();
    await using kit = await threadedManager({ shards: 2, workers: 2 });
    const { manager } = kit;
    await manager.connect();
    injectFault('hang');

    await manager.disconnect();

    expect(manager.state).toBe('stopped');
    await threads.ended();
  });

  test('loses no event when a thread dies during a resharding', async () => {
    using threads = watchThreads();
    await using kit = await threadedManager({ shards: 4, workers: 2 }, { broken: RULES_BROKEN_BY_HAND_OVER });
    const { manager, gateway } = kit;
    await manager.connect();
    const load = guildEvents(gateway, manager);
    load.begin();
    const resharding = manager.reshard(6);
    await gateway.waitUntil(({ stats }) => stats.identifies >= 8);
    await threads.started[1]!.terminate();
    await resharding;
    await load.end();

    expect(load.received).toEqual(load.sent);
    expect(manager.status()).toMatchObject({ state: 'running', total: 6, ready: 6 });
  });

  test('rejects the requests to a thread that dies, and repeats connect() in the next', async () => {
    using threads = watchThreads();
    await using kit = await threadedManager({ shards: 1, workers: 1 });
    const { manager, gateway } = kit;
    gateway.holdReady();
    const connecting = manager.connect();
    await gateway.waitUntil(({ stats }) => stats.identifies === 1);
    await threads.started[0]!.terminate();
    await gateway.waitUntil(({ stats }) => stats.identifies === 2);
    gateway.releaseReady();
    await connecting;
    gateway.holdMembers();
    const shard = manager.shards.get(0)!;
    const requesting = shard.requestGuildMembers({ guild_id: '4194304', query: '', limit: 0 });
    await gateway.connections[0]!.waitFor(8);
    const [outcome] = await Promise.allSettled([requesting, threads.started[1]!.terminate()]);
    expect(outcome).toMatchObject({ status: 'rejected', reason: { code: 'CONNECTION_LOST' } });
    await allReady(manager);

    expect(await shard.heartbeat()).toBeGreaterThanOrEqual(0);
    expect(gateway.stats.identifies).toBe(2);
    expect(gateway.stats.resumes).toBe(1);
  });

  test('rejects sends after a thread has died, if the shards must not reconnect', async () => {
    using threads = watchThreads();
    await using kit = await threadedManager({ shards: 1, workers: 1, shouldReconnect: false });
    const { manager } = kit;
    await manager.connect();
    await threads.started[0]!.terminate();
    await until(manager, () => manager.shards.get(0)!.state === 'disconnected');
    const shard = manager.shards.get(0)!;

    await expect(shard.send({ op: 31, d: { guild_ids: ['1'] } })).rejects.toMatchObject({ code: 'CONNECTION_LOST' });
    const requesting = shard.requestGuildMembers({ guild_id: '1', query: '', limit: 0 });
    await expect(requesting).rejects.toMatchObject({ code: 'CONNECTION_LOST' });
    expect(threads.alive).toEqual([]);
    await shard.connect();
    expect(shard.state).toBe('ready');
  });

  test('keeps the presence and the pause of a shard when its thread dies', async () => {
    using threads = watchThreads();
    await using kit = await threadedManager({ shards: 1, workers: 1 });
    const { manager, gateway } = kit;
    await manager.connect();
    const presence = { since: null, activities: [], status: 'dnd', afk: false };
    await manager.shards.get(0)!.updatePresence(presence as never);
    const stream = manager.dispatches({ highWaterMark: 2 });
    for (let n = 1; n <= 4; n += 1) gateway.dispatch('MESSAGE_CREATE', { id: String(n) });
    await nextEvent(manager, 'dispatch', ({ d }) => (d as { id: string }).id === '2');
    gateway.connections[0]!.invalidateSession(false);
    await threads.started[0]!.terminate();
    await gateway.waitUntil(({ stats }) => stats.identifies === 2);
    await allReady(manager);

    expect(gateway.connections.map((connection) => connection.presence)).toEqual([presence]);
    await stream.return!();
  });

  test('keeps batches small when the main thread falls behind: the sockets are not read', async () => {
    using threads = watchThreads();
    await using kit = await threadedManager({ shards: 2, workers: 2, compression: 'none' });
    const { manager, gateway } = kit;
    await manager.connect();
    const EVENTS = 2_000;
    const content = 'x'.repeat(10_000);
    const batches: number[] = [];
    for (const thread of threads.started) {
      thread.on('message', ({ bytes }: { bytes?: ArrayBuffer }) => {
        if (bytes !== undefined) batches.push(bytes.byteLength);
      });
    }
    const sleep = new Int32Array(new SharedArrayBuffer(4));
    let seen = 0;
    const done = new Promise<void>((resolve) => {
      manager.onDispatch('MESSAGE_CREATE', () => {
        seen += 1;
        if (seen % 20 === 0) Atomics.wait(sleep, 0, 0, 5);
        if (seen === EVENTS * 2) resolve();
      });
    });
    for (let n = 0; n < EVENTS; n += 1) gateway.dispatch('MESSAGE_CREATE', { id: String(n), content });
    await done;

    // Each thread received 20 MB while this one slept. At most two batches of a thread may be in flight.
    expect(batches.reduce((sum, bytes) => sum + bytes, 0)).toBeGreaterThan(40_000_000);
    expect(Math.max(...batches)).toBeLessThan(1_000_000);
  });

  test.each([
    ['createSocket', { createSocket: () => ({}) as never }],
    ['rewriteUrl', { rewriteUrl: (url: URL) => url }],
    ['inspect', { inspect: () => undefined }],
    ['agent', { agent: {} as never }],
    ['clock', { clock: new VirtualClock() }],
    ['random', { random: () => 0.5 }],
  ] as [string, Partial<ManagerOptions>][])('refuses the option %s together with workers', (name, options) => {
    const create = (): ShardManager => new ShardManager({ token: TOKEN, intents: [], workers: 1, ...options });
    expect(create).toThrow(
      expect.objectContaining({
        code: 'INVALID_OPTIONS',
        message: expect.stringContaining(name),
        hint: expect.stringMatching(/workers to 0/),
      }),
    );
  });

  test.each([-1, 1.5, 5_000, 'two' as never])('refuses %s as the number of workers', (workers) => {
    expect(() => new ShardManager({ token: TOKEN, intents: [], workers })).toThrow(GatewayError);
  });

  test.each([0, 1])(
    'reports data that is not JSON as a fault, and receives the dispatches after it again (%i workers)',
    async (workers) => {
      await using kit = await threadedManager({ shards: 1, workers, compression: 'none' });
      const { manager, gateway } = kit;
      const faults: unknown[] = [];
      manager.on('fault', ({ code }, shardId) => faults.push([code, shardId]));
      await manager.connect();
      const load = numberedEvents(kit, 1);
      manager.on('dispatch', ({ t, d }) => (t as string) === 'POISON' && d);
      const stream = manager.dispatches({ events: ['POISON' as CustomEventName] });
      const { sequence } = manager.shards.get(0)!.session!;
      gateway.connections[0]!.sendRaw(`{"t":"POISON","s":${sequence + 1},"op":0,"d":{"id":oops}}`);
      const sent = await load.end();

      expect(load.received).toEqual(sent);
      expect(faults).toEqual([['DECODE_FAILED', 0]]);
      expect(gateway.stats).toMatchObject({ identifies: 1, resumes: 1, violations: [] });
      // A stream does not get what a listener could not read.
      await manager.disconnect();
      expect((await stream.next()).done).toBe(true);
    },
  );

  test('does not request a dispatch a third time that is not JSON the second time', async () => {
    await using kit = await threadedManager({ shards: 1, workers: 1, compression: 'none' });
    const { manager, gateway } = kit;
    const faults: string[] = [];
    manager.on('fault', ({ code }) => faults.push(code));
    await manager.connect();
    manager.on('dispatch', ({ t, d }) => (t as string) === 'POISON' && d);
    const { sequence } = manager.shards.get(0)!.session!;
    const poison = `{"t":"POISON","s":${sequence + 1},"op":0,"d":{"id":oops}}`;
    gateway.connections[0]!.sendRaw(poison);
    await nextEvent(manager, 'resumed');
    gateway.connections[0]!.sendRaw(poison);
    await nextEvent(manager, 'fault');
    await manager.shards.get(0)!.heartbeat();

    expect(faults).toEqual(['DECODE_FAILED', 'DECODE_FAILED']);
    expect(gateway.stats.resumes).toBe(1);
  });

  test('fails the shards when no thread can start, with a hint about bundles', async () => {
    using threads = watchThreads((thread) => void thread.terminate());
    await using kit = await threadedManager({ shards: 2, workers: 2 });
    const { manager } = kit;

    await expect(manager.connect()).rejects.toMatchObject({
      code: 'WORKER_FAILED',
      hint: expect.stringMatching(/bundle/),
    });

    await until(manager, () => manager.status().shards.every(({ failure }) => failure === 'WORKER_FAILED'));
    expect(threads.alive).toEqual([]);
    expect(manager.status().shards.map(({ state }) => state)).toEqual(['failed', 'failed']);
  });

  test('rejects aborted requests and invalid payloads with the same errors as without workers', async () => {
    await using kit = await threadedManager({ shards: 1, workers: 1 });
    const { manager, gateway } = kit;
    await manager.connect();
    const shard = manager.shards.get(0)!;
    gateway.holdMembers();
    const abort = new AbortController();
    const requesting = shard.requestGuildMembers(
      { guild_id: '4194304', query: '', limit: 0 },
      { signal: abort.signal },
    );
    abort.abort(new Error('enough'));
    await expect(requesting).rejects.toMatchObject({ code: 'ABORTED', cause: new Error('enough') });
    await expect(shard.send({ op: 2, d: {} } as never)).rejects.toMatchObject({ code: 'OPCODE_NOT_ALLOWED' });
    await expect(shard.send({ op: 31, d: { guild_ids: [1n] } } as never)).rejects.toMatchObject({
      code: 'INVALID_PAYLOAD',
    });
    await expect(
      shard.requestGuildMembers({ guild_id: '1', query: '', limit: 0 }, { timeoutMs: -1 }),
    ).rejects.toMatchObject({
      code: 'INVALID_OPTIONS',
      message: 'requestGuildMembers(): timeoutMs must be a positive number of ms',
    });
    await manager.disconnect();
    await expect(shard.send({ op: 31, d: { guild_ids: ['1'] } })).rejects.toMatchObject({ code: 'STOPPED' });
    await expect(shard.heartbeat()).rejects.toMatchObject({ code: 'NOT_CONNECTED' });
  });

  test('forwards log lines, and no log line, fault or property of the manager contains the token', async () => {
    using threads = watchThreads();
    const lines: string[] = [];
    const log = (line: string): void => void lines.push(line);
    await using kit = await threadedManager({
      shards: 2,
      workers: 1,
      logger: { debug: log, info: log, warn: log, error: log },
    });
    const { manager } = kit;
    const output: string[] = [];
    manager.on('fault', (error) => output.push(inspect(error, { depth: null })));
    await manager.connect();
    await threads.started[0]!.terminate();
    await allReady(manager);
    output.push(
      inspect(manager, { depth: null, showHidden: true }),
      inspect(threads.started, { depth: 10, showHidden: true }),
    );

    expect(lines).toContain('shard 1: resuming → ready');
    expect(output.length).toBe(3);
    expect([...output, ...lines].filter((text) => text.includes(TOKEN))).toEqual([]);
  });

  test('calls a custom identify gate and session store in the thread of the manager', async () => {
    const acquired: number[] = [];
    const saved: (number | string)[] = [];
    await using kit = await threadedManager({
      shards: 2,
      workers: 2,
      identifyGate: {
        acquire: ({ shardId }) => {
          acquired.push(shardId);
          return Promise.resolve({ sent: () => acquired.push(shardId + 10), release: () => undefined });
        },
      },
      sessionStore: {
        load: async () => null,
        save: async ({ shardId }) => void saved.push(shardId),
        clear: async (shardId) => void saved.push(`cleared ${shardId}`),
      },
    });
    const { manager } = kit;
    await manager.connect();
    await manager.disconnect({ session: 'discard' });

    expect(acquired.toSorted((a, b) => a - b)).toEqual([0, 1, 10, 11]);
    expect(new Set(saved)).toEqual(new Set([0, 1, 'cleared 0', 'cleared 1']));
  });
});
