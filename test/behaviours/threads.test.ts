/** Threads that start, and messages between threads. */
import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { fileURLToPath } from 'node:url';
import { describe, expect, test, vi } from 'vitest';
import { ShardManager } from '../../src/index.ts';
import type { ManagerOptions } from '../../src/index.ts';
import { HELLO, bareGateway, ready } from '../kit/bare-gateway.ts';
import type { Script } from '../kit/bare-gateway.ts';
import { liveManager, nextEvent, quickGate } from '../kit/live-manager.ts';
import { watchThreads } from '../kit/threads.ts';
import { QUICK } from '../kit/timing.ts';
import { TOKEN } from '../kit/virtual-shard.ts';

vi.setConfig({ testTimeout: 120_000 });

const BOT = fileURLToPath(new URL('../kit/thread-bot.ts', import.meta.url));
const IMPORT_BOT = `await import(${JSON.stringify(BOT)});`;

interface Start {
  readonly args: readonly string[];
  readonly env?: Readonly<Record<string, string>>;
  readonly stdin?: string;
}

/** Runs the bot until it prints its result. */
async function runBot({ args, env = {}, stdin = '' }: Start): Promise<unknown> {
  const { NODE_OPTIONS: _, ...inherited } = process.env;
  const child = spawn(process.execPath, args, { env: { ...inherited, ...env } });
  let output = '';
  child.stdin.end(stdin);
  child.stderr.on('data', (data: Buffer) => (output += data.toString()));
  const result = new Promise<string | undefined>((resolve) => {
    child.stdout.on('data', (data: Buffer) => {
      output += data.toString();
      const [, text] = /RESULT (.*)\n/.exec(output) ?? [];
      if (text !== undefined) resolve(text);
    });
    child.once('close', () => resolve(undefined));
  });
  const text = await result;
  // With --watch, Node does not end by itself.
  child.kill('SIGKILL');
  if (child.exitCode === null && child.signalCode === null) await once(child, 'exit');
  return text === undefined ? output : (JSON.parse(text) as unknown);
}

const READY = { outcome: 'ready', arrived: 'hello', faults: [] };

describe('ShardManager with workers: ways to start Node', () => {
  test.each([
    ['node --watch', { args: ['--watch', BOT] }],
    ['a thread that reports its imports', { args: [BOT], env: { WATCH_REPORT_DEPENDENCIES: '1' } }],
  ])('56. messages of Node from a thread are ignored: %s runs the bot', async (_, start) => {
    expect(await runBot(start)).toEqual(READY);
  });

  test.each([
    ['-e', { args: ['--input-type=module', '-e', IMPORT_BOT] }],
    ['-e and a flag in two parts', { args: ['--input-type', 'module', '-e', IMPORT_BOT] }],
    ['-e and a flag of V8', { args: ['--expose-gc', '--input-type=module', '-e', IMPORT_BOT] }],
    ['stdin', { args: ['--input-type=module', '-'], stdin: IMPORT_BOT }],
    ['NODE_OPTIONS', { args: ['-e', IMPORT_BOT], env: { NODE_OPTIONS: '--input-type=module' } }],
    ['--permission and --allow-worker', { args: ['--permission', '--allow-fs-read=*', '--allow-worker', BOT] }],
  ] as [string, Start][])('57. threads start with Node started by %s', async (_, start) => {
    expect(await runBot(start)).toEqual(READY);
  });

  test('57. without the permission for threads connect() rejects with WORKER_FAILED and says what to do', async () => {
    expect(await runBot({ args: ['--permission', '--allow-fs-read=*', BOT] })).toEqual({
      outcome: 'WORKER_FAILED',
      hint: 'Start Node with --allow-worker and with --allow-fs-read for the files of the package, or set workers to 0.',
      faults: [],
      ready: 0,
    });
  });
});

/** JSON that is nested so deeply that no thread can write it. Every thread can read it. */
const deep = (levels: number): string => '['.repeat(levels) + ']'.repeat(levels);
const TOO_DEEP = 200_000;

/** A manager with one thread, and a gateway that follows a script. */
async function scriptedManager(script: Script, options: Partial<ManagerOptions> = {}) {
  const server = await bareGateway(script);
  const info = {
    url: server.url,
    shards: 1,
    session_start_limit: { total: 1_000, remaining: 1_000, reset_after: 0, max_concurrency: 1 },
  };
  const manager = new ShardManager({
    token: TOKEN,
    intents: ['Guilds'],
    compression: 'none',
    timing: QUICK,
    identifyGate: quickGate(),
    api: server.url.replace('ws:', 'http:'),
    fetch: async () => Response.json(info),
    workers: 1,
    ...options,
  });
  const faults: string[] = [];
  manager.on('fault', ({ code, message }) => faults.push(`${code}: ${message}`));
  return {
    manager,
    faults,
    async [Symbol.asyncDispose]() {
      await manager.disconnect();
      await server[Symbol.asyncDispose]();
    },
  };
}

const lively = (options: Partial<ManagerOptions> = {}) =>
  liveManager({ shards: 1, workers: 1, compression: 'none', ...options }, { heartbeatIntervalMs: 30_000 });

describe('ShardManager with workers: messages between threads', () => {
  test('56. unknown messages in either direction are ignored', async () => {
    using threads = watchThreads();
    await using kit = await lively();
    const { manager, gateway } = kit;
    const faults: unknown[] = [];
    manager.on('fault', (error) => faults.push(error));
    await manager.connect();
    const [thread] = threads.started;
    for (const unknown of [null, 'text', 7, [], {}, { 'watch:import': ['file'] }, { type: 'toString' }, { type: 1 }]) {
      thread!.emit('message', unknown);
      thread!.postMessage(unknown, []);
    }
    gateway.dispatch('MESSAGE_CREATE', { content: 'hello' });
    await nextEvent(manager, 'dispatch', ({ t }) => t === 'MESSAGE_CREATE');

    expect(faults).toEqual([]);
    expect(threads.alive).toEqual([thread]);
    expect(gateway.stats).toMatchObject({ identifies: 1, resumes: 0 });
  });

  test('58. a packet that is too deep to leave its thread as an event is a fault, and the thread goes on', async () => {
    using threads = watchThreads();
    await using kit = await lively();
    const { manager, gateway } = kit;
    const faults: string[] = [];
    manager.on('fault', ({ code, message }) => faults.push(`${code}: ${message}`));
    const raw: (string | null | undefined)[] = [];
    manager.on('raw', ({ t }) => raw.push(t));
    await manager.connect();
    const dispatches: string[] = [];
    manager.on('dispatch', ({ t }) => dispatches.push(t));
    const { sequence } = manager.shards.get(0)!.session!;
    const [connection] = gateway.connections;
    connection!.sendRaw(`{"op":0,"t":"DEEP","s":${sequence + 1},"d":${deep(5_000)}}`);
    connection!.sendRaw(`{"op":0,"t":"TOO_DEEP","s":${sequence + 2},"d":${deep(TOO_DEEP)}}`);
    connection!.sendRaw(`{"op":0,"t":"AFTER","s":${sequence + 3},"d":null}`);
    await nextEvent(manager, 'raw', ({ t }) => (t as string) === 'AFTER');
    await manager.shards.get(0)!.heartbeat();

    expect(raw.filter((t) => typeof t === 'string').slice(-2)).toEqual(['DEEP', 'AFTER']);
    expect(dispatches).toEqual(['DEEP', 'TOO_DEEP', 'AFTER']);
    expect(faults).toEqual(['WORKER_FAILED: the event "raw" could not be sent from the thread of the shard']);
    expect(threads.started.length).toBe(1);
    expect(gateway.stats).toMatchObject({ identifies: 1, resumes: 0 });
  });

  test('58. a READY that is too deep to leave its thread as an event is a fault, and the shard is ready', async () => {
    using threads = watchThreads();
    await using kit = await scriptedManager(({ socket, send }, packet) => {
      if (packet === null) send(HELLO);
      if (packet?.op === 2) socket.send(`{"op":0,"t":"READY","s":1,"d":{"session_id":"deep","a":${deep(TOO_DEEP)}}}`);
    });
    const { manager, faults } = kit;
    const dispatches: string[] = [];
    manager.on('dispatch', ({ t }) => dispatches.push(t));
    await manager.connect();

    expect(dispatches).toEqual(['READY']);
    expect(faults).toEqual(['WORKER_FAILED: the event "ready" could not be sent from the thread of the shard']);
    expect(manager.status().ready).toBe(1);
    expect(threads.started.length).toBe(1);
  });

  test('58. a result that is too deep to leave its thread rejects the call, and the thread goes on', async () => {
    using threads = watchThreads();
    await using kit = await lively({ intents: ['Guilds', 'GuildMembers'] });
    const { manager, gateway } = kit;
    gateway.holdMembers();
    await manager.connect();
    const shard = manager.shards.get(0)!;
    const requesting = shard.requestGuildMembers({ guild_id: '4194304', query: '', limit: 0, nonce: 'n' });
    await gateway.connections[0]!.waitFor(8);
    const member = `{"user":{"id":"1"},"a":${deep(TOO_DEEP)}}`;
    const chunk = `{"guild_id":"4194304","nonce":"n","chunk_index":0,"chunk_count":1,"members":[${member}]}`;
    const s = shard.session!.sequence + 1;
    gateway.connections[0]!.sendRaw(`{"op":0,"t":"GUILD_MEMBERS_CHUNK","s":${s},"d":${chunk}}`);

    await expect(requesting).rejects.toMatchObject({
      code: 'WORKER_FAILED',
      message: 'the result of requestGuildMembers() could not be sent from the thread of the shard',
      hint: expect.stringMatching(/workers to 0/),
    });
    expect(await shard.heartbeat()).toBeGreaterThanOrEqual(0);
    expect(threads.started.length).toBe(1);
    expect(gateway.stats).toMatchObject({ identifies: 1, resumes: 0 });
  });

  test('59. a packet that fails in its thread on each replay is a fault and a RESUME each time, then skipped', async () => {
    using threads = watchThreads();
    let resumes = 0;
    const corrupt = '{"op":0,"t":"GUILD_MEMBERS_CHUNK","s":2,"d":{"a":1,}}';
    await using kit = await scriptedManager(({ socket, send, request }, packet) => {
      if (packet === null) send(HELLO);
      if (packet?.op === 2) send(ready(`ws://${request.headers.host}`));
      if (packet?.op === 8) socket.send(corrupt);
      if (packet?.op !== 6) return;
      resumes += 1;
      socket.send(corrupt);
      send({ op: 0, t: 'AFTER', s: 3, d: null });
      send({ op: 0, t: 'RESUMED', s: 4, d: {} });
    });
    const { manager, faults } = kit;
    await manager.connect();
    // While a request is open, the thread decodes chunks itself.
    const shard = manager.shards.get(0)!;
    const requesting = shard.requestGuildMembers({ guild_id: '1', query: '', limit: 0 });
    await expect(requesting).rejects.toMatchObject({ code: 'CONNECTION_LOST' });
    const again = (): void => {
      const retried = shard.requestGuildMembers({ guild_id: '1', query: '', limit: 0 });
      retried.catch(() => undefined);
    };
    manager.on('disconnected', again);
    again();
    await nextEvent(manager, 'dispatch', ({ t }) => (t as string) === 'AFTER');

    expect(faults.filter((fault) => !fault.startsWith('DECODE_FAILED'))).toEqual([
      expect.stringMatching(/^DISPATCH_SKIPPED: GUILD_MEMBERS_CHUNK with sequence 2/),
    ]);
    expect(resumes).toBeLessThanOrEqual(4);
    expect(threads.started.length).toBe(1);
  });

  test('59. an error of our own in the message of one shard is a fault and a RESUME of that shard', async () => {
    using threads = watchThreads();
    await using kit = await lively({ shards: 2 });
    const { manager, gateway } = kit;
    const faults: unknown[] = [];
    manager.on('fault', ({ code, cause }, shardId) => faults.push([code, cause instanceof TypeError, shardId]));
    await manager.connect();
    const [thread] = threads.started;
    const messages = new Promise<string>((resolve) =>
      thread!.on('message', (batch: { messages?: string }) => {
        if (batch.messages?.includes('"key"') === true) resolve(batch.messages);
      }),
    );
    await manager.shards.get(1)!.heartbeat();
    const [{ key }] = JSON.parse(await messages) as [{ key: number }];
    const broken = [{ kind: 'log', level: 'missing', message: '', key, after: 0 }];
    const resumed = nextEvent(manager, 'resumed');
    thread!.emit('message', { type: 'batch', bytes: new ArrayBuffer(0), messages: JSON.stringify(broken) });
    await resumed;

    expect(faults).toEqual([['INTERNAL_ERROR', true, 1]]);
    expect(threads.started.length).toBe(1);
    expect(gateway.stats).toMatchObject({ identifies: 2, resumes: 1 });
  });

  test('59. a message that can not be read at all replaces the thread, whose shards resume', async () => {
    using threads = watchThreads();
    await using kit = await lively();
    const { manager, gateway } = kit;
    const faults: string[] = [];
    manager.on('fault', ({ code }) => faults.push(code));
    await manager.connect();
    const resumed = nextEvent(manager, 'resumed');
    threads.started[0]!.emit('message', { type: 'batch', bytes: new ArrayBuffer(3), messages: '[' });
    await resumed;

    expect(faults).toEqual(['WORKER_FAILED']);
    expect(threads.started.length).toBe(2);
    expect(gateway.stats).toMatchObject({ identifies: 1, resumes: 1 });
  });
});
