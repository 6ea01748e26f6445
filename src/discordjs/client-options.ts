/** Maps the options of a WebSocketManager, most of which come from the `Client`, to the options of a manager. */
import { assertOption } from '../protocol/validation.ts';
import type { Compression } from '../protocol/gateway-url.ts';
import type { ManagerOptions, ShardSelection } from '../manager/manager-options.ts';
import { gatewayBotFetch } from './gateway-bot-fetch.ts';
import { SessionHookStore } from './session-hook-store.ts';
import { ThrottlerGate, givenThrottler } from './throttler-gate.ts';
import type { WsManagerLike, WsManagerOptions } from './ws-manager.ts';

/** The options of {@link shardingStrategy}: those of a `ShardManager` that do not come from the `Client`. */
export type ShardingStrategyOptions = Partial<ManagerOptions> & {
  /**
   * Whether `client.destroy()` keeps the sessions, so that the next process resumes them. Set it to `false` if the bot
   * should be shown as offline at once.
   * @defaultValue `true` with a `sessionStore`, else `false`, as in discord.js
   */
  keepSession?: boolean;
};

/** The options of a manager that discord.js knows under another name. */
const PLACE_IN_CLIENT: Readonly<Partial<Record<keyof ManagerOptions, string>>> = {
  token: 'login()',
  intents: 'the option intents',
  shards: 'the options shards and shardCount',
  presence: 'the option presence',
  version: 'the option ws.version',
  largeThreshold: 'the option ws.large_threshold',
  api: 'the option rest.api',
  fetch: 'the option rest.agent or rest.makeRequest',
};

/** @throws {@link GatewayError} `INVALID_OPTIONS` for an option that the `Client` has too. */
export function assertStrategyOptions(options: ShardingStrategyOptions): void {
  assertOption(typeof options === 'object' && options !== null, 'the options of shardingStrategy() must be an object');
  const given = options as Readonly<Record<string, unknown>>;
  for (const [name, place] of Object.entries(PLACE_IN_CLIENT))
    assertOption(given[name] === undefined, `${name} comes from the Client of discord.js: set it with ${place}`);
  assertOption(
    options.keepSession === undefined || typeof options.keepSession === 'boolean',
    'keepSession must be true or false',
  );
}

/** The dispatches without which a `Client` is never ready, or its `fetch()` methods never resolve. */
const NEEDED_EVENTS = ['READY', 'RESUMED', 'GUILD_CREATE', 'GUILD_DELETE', 'GUILD_MEMBERS_CHUNK'] as const;

const OWN_PROPERTY = '@discordjs/ws ';

/** Returns what the user has changed. The others are the name of `@discordjs/ws`, which does not connect here. */
const chosenProperties = ({ browser, device, os }: WsManagerOptions['identifyProperties']): object =>
  Object.fromEntries(Object.entries({ browser, device, os }).filter(([, value]) => !value.startsWith(OWN_PROPERTY)));

/** Returns `undefined` for what was not chosen: the default of shardwright is then better than none. */
function chosenCompression({ compression, useIdentifyCompression }: WsManagerOptions): Compression | undefined {
  if (compression !== null) return 'zlib-stream';
  return useIdentifyCompression === true ? 'payload' : undefined;
}

/** Returns the shards that discord.js has been given; `'auto'` for as many as it counts. */
export function shardsOf({ shardIds, shardCount }: WsManagerOptions): 'auto' | ShardSelection {
  if (shardIds === null) return 'auto';
  const ids =
    'start' in shardIds
      ? Array.from({ length: shardIds.end - shardIds.start + 1 }, (_, index) => shardIds.start + index)
      : shardIds;
  return { total: shardCount ?? Math.max(...ids) + 1, ids };
}

/** Returns the base URL of the REST API, which says whether a gateway without TLS may be named. */
function apiOf({ rest }: WsManagerOptions): string | undefined {
  const { options } = rest;
  return options === undefined ? undefined : `${options.api}/v${options.version}`;
}

/** Leaves out the options that are `undefined`, which then have their defaults. */
const defined = (options: object): object =>
  Object.fromEntries(Object.entries(options).filter(([, value]) => value !== undefined));

/** Returns the options of the manager that runs the shards of `ws`. */
export function managerOptionsOf(ws: WsManagerLike, options: Partial<ManagerOptions>): ManagerOptions {
  const { options: wsOptions } = ws;
  const buildThrottler = givenThrottler(ws);
  const fromClient = {
    shards: shardsOf(wsOptions),
    presence: wsOptions.initialPresence ?? undefined,
    version: Number(wsOptions.version),
    largeThreshold: wsOptions.largeThreshold ?? undefined,
    properties: chosenProperties(wsOptions.identifyProperties),
    compression: chosenCompression(wsOptions),
    sessionStore: new SessionHookStore(wsOptions),
    // A Client that resumes without READY is never ready.
    warmStart: options.sessionStore === undefined ? undefined : true,
    identifyGate: buildThrottler === null ? undefined : new ThrottlerGate(buildThrottler),
    api: apiOf(wsOptions),
    fetch: gatewayBotFetch(ws),
  };
  return {
    ...defined(fromClient),
    ...defined(options),
    ...(options.events === undefined ? {} : { events: [...new Set([...options.events, ...NEEDED_EVENTS])] }),
    // Version 2 keeps it beside the options.
    token: wsOptions.token ?? ws.token ?? '',
    intents: wsOptions.intents,
  };
}
