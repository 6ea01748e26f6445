/** The options of the strategy beside those of the Client. */
import { MemorySessionStore, resolveIntents } from '../../src/index.ts';
import { WebSocketManager } from '@discordjs/ws';
import type { CreateWebSocketManagerOptions, IShardingStrategy } from '@discordjs/ws';
import { REST } from '@discordjs/rest';
import { Client } from 'discord.js';
import { describe, expect, expectTypeOf, test } from 'vitest';
import { managerOptionsOf } from '../../src/discordjs/client-options.ts';
import { shardingStrategy } from '../../src/discordjs/index.ts';
import type { BuildShardwrightStrategy, ShardingStrategyOptions } from '../../src/discordjs/index.ts';
import { FakeGateway } from '../../src/testing/index.ts';
import { TOKEN } from '../kit/virtual-shard.ts';

const wsWith = (options: Partial<CreateWebSocketManagerOptions> = {}): WebSocketManager =>
  new WebSocketManager({
    token: TOKEN,
    intents: 0,
    rest: new REST(),
    buildStrategy: shardingStrategy(),
    ...options,
  });

describe('shardingStrategy()', () => {
  test('fits the option buildStrategy of a Client and of a WebSocketManager', () => {
    expectTypeOf<BuildShardwrightStrategy>().toExtend<(ws: WebSocketManager) => IShardingStrategy>();
    expect(new Client({ intents: [], ws: { buildStrategy: shardingStrategy() } }).isReady()).toBe(false);
  });

  test.each<[string, ShardingStrategyOptions, string]>([
    ['token', { token: TOKEN }, 'login()'],
    ['intents', { intents: ['Guilds'] }, 'the option intents'],
    ['shards', { shards: 2 }, 'the options shards and shardCount'],
    ['presence', { presence: { status: 'idle' as never, since: null, activities: [], afk: false } }, 'presence'],
    ['version', { version: 10 }, 'ws.version'],
    ['largeThreshold', { largeThreshold: 100 }, 'ws.large_threshold'],
    ['api', { api: 'https://discord.com/api/v10' }, 'rest.api'],
    ['fetch', { fetch }, 'rest.agent'],
  ])('refuses %s, which comes from the Client, and says where to set it', (name, options, place) => {
    expect(() => shardingStrategy(options)).toThrow(
      expect.objectContaining({
        code: 'INVALID_OPTIONS',
        message: expect.stringMatching(new RegExp(`^${name} .*${place.replaceAll(/[.()]/g, String.raw`\$&`)}`)),
      }),
    );
  });

  test.each([null, 'none', { keepSession: 'yes' }])('refuses %j', (options) => {
    expect(() => shardingStrategy(options as never)).toThrow(expect.objectContaining({ code: 'INVALID_OPTIONS' }));
  });

  test('login() rejects with INVALID_OPTIONS for an option that a manager refuses', async () => {
    await using gateway = await FakeGateway.listen();
    const client = new Client({
      intents: [],
      rest: { api: gateway.apiUrl.replace('/v10', '') },
      ws: { buildStrategy: shardingStrategy({ workers: -1 }) },
    });

    await expect(client.login(TOKEN)).rejects.toMatchObject({ code: 'INVALID_OPTIONS' });
    expect(gateway.history).toEqual([]);
  });
});

describe('the options of the manager', () => {
  test('are those of the Client, and the defaults of shardwright for the rest', () => {
    const options = managerOptionsOf(wsWith(), {});

    expect(options).toMatchObject({
      token: TOKEN,
      intents: 0,
      shards: 'auto',
      version: 10,
      api: 'https://discord.com/api/v10',
      properties: { os: process.platform },
    });
    expect(Object.keys(options).toSorted()).toEqual(
      ['api', 'fetch', 'intents', 'properties', 'sessionStore', 'shards', 'token', 'version'].toSorted(),
    );
  });

  test.each([
    [{ shardIds: [1, 3] }, { total: 4, ids: [1, 3] }],
    [
      { shardIds: [1, 3], shardCount: 8 },
      { total: 8, ids: [1, 3] },
    ],
    [
      { shardIds: { start: 2, end: 4 }, shardCount: 8 },
      { total: 8, ids: [2, 3, 4] },
    ],
    [{ shardCount: 3 }, 'auto'],
  ])('name the shards of %j', (options, expected) => {
    expect(managerOptionsOf(wsWith(options), {}).shards).toEqual(expected);
  });

  test.each([
    ['null, which was not chosen', { compression: null }, {}, undefined],
    ['zlib-stream', { compression: 'zlib-stream' }, {}, 'zlib-stream'],
    ['a number of @discordjs/ws 2', { compression: 0 }, {}, 'zlib-stream'],
    ['useIdentifyCompression', { compression: null, useIdentifyCompression: true }, {}, 'payload'],
    ['an option of the strategy', { compression: 'zlib-stream' }, { compression: 'zstd-stream' }, 'zstd-stream'],
  ] as const)('take the compression of %s', (_title, wsOptions, options, expected) => {
    expect(managerOptionsOf(wsWith(wsOptions as object), options).compression).toBe(expected);
  });

  test('prefer what was given to the strategy, but keep the intents of the Client', () => {
    const sessionStore = new MemorySessionStore();
    const intents = resolveIntents(['Guilds']);
    const options = managerOptionsOf(wsWith({ intents }), { sessionStore, timing: { helloTimeoutMs: 1 } });

    expect(options.sessionStore).toBe(sessionStore);
    expect(options).toMatchObject({ intents, timing: { helloTimeoutMs: 1 } });
  });

  test('restore the guilds with a session store, unless the user decides otherwise', () => {
    const sessionStore = new MemorySessionStore();

    expect(managerOptionsOf(wsWith(), { sessionStore }).warmStart).toBe(true);
    expect(managerOptionsOf(wsWith(), { sessionStore, warmStart: false }).warmStart).toBe(false);
  });

  test('name the default API for a REST without options', () => {
    expect(managerOptionsOf(wsWith({ rest: {} as REST }), {}).api).toBe(undefined);
  });
});
