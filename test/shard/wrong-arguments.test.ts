/** Every option and every argument of a wrong type is refused with a GatewayError that names it. */
import { describe, expect, test } from 'vitest';
import { GatewayError, Shard, ShardManager, memoryEngine } from '../../src/index.ts';
import type { ManagerOptions, ShardOptions } from '../../src/index.ts';
import { liveManager } from '../kit/live-manager.ts';
import { readyShard } from '../kit/virtual-shard.ts';

const SYMBOL = Symbol('any');
const BARE: unknown = Object.create(null);
const NO_FUNCTIONS: readonly unknown[] = [null, 5, 'text', {}, [], true, SYMBOL];
const NO_OBJECTS: readonly unknown[] = [null, 5, 'text', [], true, SYMBOL];
const NO_NUMBERS: readonly unknown[] = [null, '5', Number.NaN, -1, 1.5, Number.POSITIVE_INFINITY, {}, 1n, SYMBOL];
const NO_BOOLEANS: readonly unknown[] = [null, 0, 'true', {}, SYMBOL];
const NO_TEXTS: readonly unknown[] = [null, 5, {}, [], SYMBOL, BARE];

/** The options of a shard that a manager does not have. */
const SHARD_ONLY = {
  shardId: NO_NUMBERS,
  shardCount: [...NO_NUMBERS, 0],
  url: [...NO_TEXTS, '', 'http://x', 'gateway.discord.gg', 'ws://127.0.0.1:1/#here'],
  session: [5, 'text', [], {}, { sessionId: 'a' }],
};

const SHARED = {
  token: [...NO_TEXTS, '', ' '],
  intents: [...NO_NUMBERS, 'Guilds', ['Nope'], [SYMBOL], [BARE], [null]],
  allowedHosts: [null, 5, 'discord.gg', [], [5], [''], ['wss://discord.gg'], ['a/b'], ['*'], ['a@b'], [BARE]],
  version: [...NO_NUMBERS, 0],
  compression: [...NO_TEXTS, 'gzip', true],
  maxMessageBytes: [...NO_NUMBERS, 0, 2 ** 30],
  maxBufferedBytes: [...NO_NUMBERS, 0],
  events: [null, 5, 'MESSAGE_CREATE', {}, ['messageCreate'], [5], [BARE], [SYMBOL]],
  largeThreshold: [...NO_NUMBERS, 49, 251],
  presence: [...NO_OBJECTS, {}, { status: 'online' }, { since: null, activities: null, status: 'online', afk: false }],
  properties: [...NO_OBJECTS, { os: 5 }, { browser: null }, { device: 'x'.repeat(129) }],
  shouldReconnect: NO_BOOLEANS,
  restoreVoiceStates: NO_BOOLEANS,
  // `true` with the default store, which does not outlive the process.
  warmStart: [...NO_BOOLEANS, true],
  sessionStore: [
    ...NO_OBJECTS,
    {},
    { load() {}, save() {} },
    { load() {}, save() {}, clear() {}, claim: true },
    { load() {}, save() {}, clear() {}, saveStarts: 1 },
  ],
  identifyGate: [...NO_OBJECTS, {}, { acquire: true }],
  startGuard: [
    null,
    true,
    5,
    'off',
    { freeStarts: -1 },
    { windowMs: 0 },
    { minWaitMs: '5' },
    { maxWaitMs: BARE },
    { nope: 1 },
  ],
  timing: [...NO_OBJECTS, { backoffBaseMs: '5' }, { helloTimeoutMs: 1n }, { backoffCapMs: BARE }, { nope: 1 }],
  rewriteUrl: NO_FUNCTIONS,
  agent: NO_OBJECTS,
  proxy: [
    null,
    true,
    5,
    {},
    [],
    BARE,
    SYMBOL,
    '',
    'ftp://x',
    'http://',
    'http://a:%ff@x',
    `socks5://${'a'.repeat(256)}@x`,
  ],
  createSocket: NO_FUNCTIONS,
  logger: [...NO_OBJECTS, {}, { info() {}, warn() {}, error() {} }],
  clock: [...NO_OBJECTS, {}, { now: Date.now }],
  random: NO_FUNCTIONS,
};
// An array may hold any number of observers, also 0.
const NO_OBSERVERS = [...NO_OBJECTS.filter((value) => !Array.isArray(value)), { next: 5 }, { attach: true }];
const INSPECT = { inspect: [...NO_OBSERVERS, ...NO_OBSERVERS.map((value) => [value])] };

const WRONG_OF_SHARD: Record<keyof ShardOptions, readonly unknown[]> = {
  ...SHARD_ONLY,
  ...SHARED,
  ...INSPECT,
};

const WRONG_OF_MANAGER: Record<keyof ManagerOptions, readonly unknown[]> = {
  ...SHARED,
  inspect: [...INSPECT.inspect, { attachManager: 5 }],
  shards: [
    null,
    0,
    -1,
    'all',
    {},
    { total: 2 },
    { total: 2, ids: [] },
    { total: 2, ids: [2] },
    { total: BARE, ids: [0] },
  ],
  api: [...NO_TEXTS, '', 'discord.com', 'ws://x', 'https://x/?a', 'https://x/#a', new URL('https://x')],
  fetch: NO_FUNCTIONS,
  sessionStartReserve: NO_NUMBERS,
  workers: [...NO_NUMBERS, 2_000],
  workerTimeoutMs: [null, '5', Number.NaN, 0, -1, 2 ** 31, {}, SYMBOL],
  threadUrl: [null, 1, '', 'thread.js', 'https://example.com/thread.js', new URL('https://example.com/')],
  engine: [null, 5, 'redis', {}, BARE, SYMBOL, { open: 1, kind: 'mine', leaseTtlMs: 1 }],
  node: [null, 5, '', 'two words', {}, SYMBOL],
  publish: [null, 5, 'yes', [], SYMBOL, { events: 'READY' }, { maxLength: 0 }, { maxAgeMs: 0 }],
  rebalance: [null, 5, 'fast', [], SYMBOL, { maxMovesPerSecond: 0 }, { maxMovesPerSecond: '4' }],
};

/** They are refused without an engine, whatever they are. */
const CLUSTER_ONLY: ReadonlySet<string> = new Set(['node', 'publish', 'rebalance']);

const rows = (table: object): [string, readonly unknown[]][] => Object.entries(table) as [string, readonly unknown[]][];

/** Returns what a call throws or rejects with. */
async function errorOf(call: () => unknown): Promise<unknown> {
  try {
    await call();
    return 'nothing';
  } catch (error) {
    return error;
  }
}

/** Returns for each value whether the call is refused with that code and a message that names the option. */
async function refusals(
  values: readonly unknown[],
  call: (value: unknown) => unknown,
  name: string,
): Promise<unknown[]> {
  const names = new RegExp(`${name}|intent|dispatch|shard count|session`);
  return Promise.all(
    values.map(async (value) => {
      const error = await errorOf(() => call(value));
      return error instanceof GatewayError && names.test(error.message) ? error.code : error;
    }),
  );
}

const allOf = (values: readonly unknown[], code: string): string[] => values.map(() => code);
const NO_OPTIONS: readonly unknown[] = [null, undefined, 5, 'text', SYMBOL];

const createShard = (options: unknown): Shard => new Shard(options as never);
const createManager = (options: unknown): ShardManager => new ShardManager(options as never);

describe('the options of a Shard', () => {
  test.each(rows(WRONG_OF_SHARD))('%s of a wrong type is refused', async (name, values) => {
    const create = (value: unknown): Shard => new Shard({ token: 't', intents: 0, [name]: value });
    const code = name === 'session' ? 'INVALID_SESSION' : 'INVALID_OPTIONS';
    expect(await refusals(values, create, name)).toEqual(allOf(values, code));
  });

  test('that are no object are refused', async () => {
    expect(await refusals(NO_OPTIONS, createShard, 'options')).toEqual(allOf(NO_OPTIONS, 'INVALID_OPTIONS'));
  });
});

describe('the options of a ShardManager', () => {
  test.each(rows(WRONG_OF_MANAGER))('%s of a wrong type is refused', async (name, values) => {
    const engine = CLUSTER_ONLY.has(name) ? { engine: memoryEngine() } : {};
    const create = (value: unknown): ShardManager =>
      new ShardManager({ token: 't', intents: 0, ...engine, [name]: value });
    expect(await refusals(values, create, name)).toEqual(allOf(values, 'INVALID_OPTIONS'));
  });

  test('that are no object are refused', async () => {
    expect(await refusals(NO_OPTIONS, createManager, 'options')).toEqual(allOf(NO_OPTIONS, 'INVALID_OPTIONS'));
  });
});

type Call = (value: never) => unknown;
const WRONG_SIGNALS: readonly unknown[] = [null, 5, 'text', [], SYMBOL, { signal: {} }, { signal: null }];
const NO_PAYLOADS: readonly unknown[] = [undefined, null, 5, 'text', [], SYMBOL, {}];
const WRONG_LISTENERS: readonly unknown[] = [undefined, null, 5, 'text', {}, SYMBOL];
const WRONG_CLOSES: readonly unknown[] = [
  ...WRONG_SIGNALS,
  { code: '1000' },
  { code: BARE },
  { code: 1_005 },
  { reason: 5 },
  { reason: null },
  { session: 'end' },
];
const WRONG_STREAMS: readonly unknown[] = [
  ...WRONG_SIGNALS,
  { highWaterMark: 0 },
  { highWaterMark: '5' },
  { events: 'MESSAGE_CREATE' },
  { events: ['messageCreate'] },
  { events: [BARE] },
];
const WRONG_NAMES: readonly unknown[] = [undefined, null, 5, SYMBOL, {}, BARE, 'messageCreate', 'nope', ''];

type Methods = Readonly<Record<string, readonly [values: readonly unknown[], call: Call, code?: string]>>;

const payload = { op: 31 as const, d: { guild_ids: ['1'] } };
const members = { guild_id: '1', query: '', limit: 0 };
const none = (): void => undefined;

/** What a shard, and the handle of one in a manager, have in common. */
const sendingMethods = (shard: {
  send: Shard['send'];
  updatePresence: Shard['updatePresence'];
  updateVoiceState: Shard['updateVoiceState'];
  requestGuildMembers: Shard['requestGuildMembers'];
  requestSoundboardSounds: Shard['requestSoundboardSounds'];
  requestChannelInfo: Shard['requestChannelInfo'];
}): Methods => ({
  'send(payload)': [NO_PAYLOADS, (value) => shard.send(value), 'INVALID_PAYLOAD'],
  'send(…, options)': [[...WRONG_SIGNALS, { ignoreRateLimit: 1 }], (value) => shard.send(payload, value)],
  'updatePresence()': [NO_PAYLOADS, (value) => shard.updatePresence(value), 'INVALID_PAYLOAD'],
  'updateVoiceState()': [NO_PAYLOADS, (value) => shard.updateVoiceState(value), 'INVALID_PAYLOAD'],
  'requestGuildMembers(request)': [
    [...NO_PAYLOADS, { guild_id: '1', query: none, limit: 0 }],
    (value) => shard.requestGuildMembers(value),
    'INVALID_PAYLOAD',
  ],
  'requestGuildMembers(…, options)': [
    [...WRONG_SIGNALS, { timeoutMs: 0 }, { timeoutMs: Number.NaN }, { timeoutMs: '5' }, { timeoutMs: 2 ** 31 }],
    (value) => shard.requestGuildMembers(members, value),
  ],
  'requestSoundboardSounds()': [NO_PAYLOADS, (value) => shard.requestSoundboardSounds(value), 'INVALID_PAYLOAD'],
  'requestChannelInfo()': [NO_PAYLOADS, (value) => shard.requestChannelInfo(value), 'INVALID_PAYLOAD'],
});

const listeningMethods = (target: Pick<Shard, 'dispatches' | 'onDispatch' | 'on' | 'once' | 'off'>): Methods => ({
  'dispatches()': [WRONG_STREAMS, (value) => target.dispatches(value)],
  'onDispatch(type)': [WRONG_NAMES, (value) => target.onDispatch(value, none)],
  'onDispatch(…, listener)': [WRONG_LISTENERS, (value) => target.onDispatch('MESSAGE_CREATE', value)],
  'on(name)': [WRONG_NAMES, (value) => target.on(value, none)],
  'on(…, listener)': [WRONG_LISTENERS, (value) => target.on('lagged', value)],
  'once(name)': [WRONG_NAMES, (value) => target.once(value, none)],
  'once(…, listener)': [WRONG_LISTENERS, (value) => target.once('lagged', value)],
  'off(name)': [WRONG_NAMES, (value) => target.off(value, none)],
  'off(…, listener)': [WRONG_LISTENERS, (value) => target.off('lagged', value)],
});

async function expectAllRefused(methods: Methods): Promise<void> {
  for (const [name, [values, call, code = 'INVALID_OPTIONS']] of Object.entries(methods)) {
    for (const [index, value] of values.entries()) {
      const error = await errorOf(() => call(value as never));
      expect([name, index, error instanceof GatewayError ? error.code : error]).toEqual([name, index, code]);
    }
  }
}

describe('the arguments of methods', () => {
  test('of a Shard are refused if they have a wrong type, and the shard stays ready', async () => {
    const { shard, gateway } = await readyShard();
    const before = gateway.last.sent.length;
    await expectAllRefused({
      ...sendingMethods(shard),
      ...listeningMethods(shard),
      'connect()': [WRONG_SIGNALS, (value) => shard.connect(value)],
      'disconnect()': [WRONG_CLOSES, (value) => shard.disconnect(value)],
      'reinstantiate()': [[null, 5, 'text', { noFail: 1 }], (value) => shard.reinstantiate(value)],
      'resume()': [NO_PAYLOADS, (value) => shard.resume(value), 'INVALID_SESSION'],
    });
    expect(shard.state).toBe('ready');
    expect(gateway.last.sent).toHaveLength(before);
  });

  test('forceClose() accepts anything, because it never throws', async () => {
    const { shard } = await readyShard();
    for (const code of [null, 'text', {}, SYMBOL, BARE, 1n]) shard.forceClose(code as never);
    expect(shard.state).toBe('disconnected');
  });

  test.each([0, 1])('of a ShardManager with %i workers, and of its shards, are refused', async (workers) => {
    await using kit = await liveManager({ workers, shards: 1 });
    const { manager, gateway } = kit;
    await manager.connect();
    const shard = manager.shards.get(0)!;
    await expectAllRefused({
      ...sendingMethods(shard),
      ...listeningMethods(manager as never),
      'connect()': [WRONG_SIGNALS, (value) => manager.connect(value)],
      'connect() of a shard': [WRONG_SIGNALS, (value) => shard.connect(value)],
      'disconnect()': [WRONG_CLOSES, (value) => manager.disconnect(value)],
      'disconnect() of a shard': [WRONG_CLOSES, (value) => shard.disconnect(value)],
      'reshard(total)': [[...NO_NUMBERS, 0, BARE], (value) => manager.reshard(value)],
      'reshard(…, options)': [WRONG_SIGNALS, (value) => manager.reshard(1, value)],
      'send(shardId)': [[undefined, null, '0', 5, BARE, SYMBOL], (value) => manager.send(value, payload)],
      'send(…, payload)': [NO_PAYLOADS, (value) => manager.send(0, value), 'INVALID_PAYLOAD'],
      'send(…, …, options)': [WRONG_SIGNALS, (value) => manager.send(0, payload, value)],
      'broadcast()': [NO_PAYLOADS, (value) => manager.broadcast(value), 'INVALID_PAYLOAD'],
      'shardIdFor()': [[undefined, null, 5, 'me', '', -1n, {}, BARE, SYMBOL], (value) => manager.shardIdFor(value)],
    });
    expect(manager.state).toBe('running');
    expect(gateway.connections).toHaveLength(1);
  });
});
