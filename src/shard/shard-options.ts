/** The options of a shard, their defaults and their validation. */
import type { Agent } from 'node:http';
import type { GatewayPresenceUpdateData } from 'discord-api-types/v10';
import type { ShardTiming } from '../../machines/index.ts';
import type { IdentifyGate } from '../identify/identify-gate.ts';
import type { StartGuardPolicy } from '../identify/start-guard.ts';
import { MemoryIdentifyGate } from '../identify/memory-identify-gate.ts';
import { InstrumentedIdentifyGate } from '../identify/instrumented-identify-gate.ts';
import { resolveProxy } from '../http/proxy/proxy-selection.ts';
import { createWebSocket } from '../connection/web-socket.ts';
import type { CreateSocket } from '../connection/web-socket.ts';
import { systemClock } from '../clock.ts';
import type { Clock } from '../clock.ts';
import { isWebSocketUrl } from '../protocol/gateway-url.ts';
import type { Compression } from '../protocol/gateway-url.ts';
import { assertEventNames } from '../protocol/event-names.ts';
import { checkPresence } from '../protocol/payloads.ts';
import { resolveIntents } from '../protocol/intents.ts';
import type { IntentName } from '../protocol/intents.ts';
import type { AnyEventName } from '../protocol/packets.ts';
import { Token } from '../protocol/token.ts';
import { isAllowedHost, resolveAllowedHosts } from '../protocol/trusted-url.ts';
import { assertOption, isCount, isPositiveInteger } from '../protocol/validation.ts';
import { MemorySessionStore } from '../session/memory-session-store.ts';
import { parseSession } from '../session/session.ts';
import type { Session } from '../session/session.ts';
import type { SessionStore } from '../session/session-store.ts';
import { observersOf } from './inspected-shard.ts';
import type { InspectionObserver } from './inspected-shard.ts';
import { safeLogger, silentLogger } from './logger.ts';
import { assertParts, resolveWarmStart, safeRandom } from './option-parts.ts';
import { resolveTiming } from './timing-options.ts';
import type { Logger } from './logger.ts';
import { resolveStartGuard } from './resolve-start-guard.ts';

/**
 * The options of a `Shard`. Most bots need only `token` and `intents`.
 * @see https://discord.com/developers/docs/events/gateway-events#identify-identify-structure
 */
export interface ShardOptions {
  /** The bot token, with or without `Bot ` in front. Logs, errors and inspectors never contain it. */
  token: string;
  /**
   * The groups of events that Discord sends, as names or as a bit field. Name only the intents your bot uses: each one
   * costs traffic and CPU time, and three of them must be enabled in Discord's developer portal.
   * @see https://discord.com/developers/docs/events/gateway#gateway-intents
   */
  intents: number | readonly IntentName[];
  /**
   * The number of this shard, from 0 to `shardCount - 1`. Change it when you start several shards yourself instead of
   * using a `ShardManager`.
   * @defaultValue `0`
   * @see https://discord.com/developers/docs/events/gateway#sharding
   */
  shardId?: number;
  /**
   * The total number of shards of the bot. Discord requires several above 2,500 guilds.
   * @defaultValue `1`
   * @see https://discord.com/developers/docs/events/gateway#sharding
   */
  shardCount?: number;
  /**
   * The gateway URL, `wss://` or `ws://`. Change it to connect to a gateway proxy or to a fake gateway in tests.
   * @defaultValue `'wss://gateway.discord.gg'`
   */
  url?: string;
  /**
   * The hosts to which the token may be sent, such as `['*.discord.gg']`. `url`, the answer of `GET /gateway/bot` and
   * the resume URL of READY must name one of them. Set it if a proxy or a store could name another. `rewriteUrl` is
   * yours, so its result is not checked.
   * @defaultValue any host, but never `ws://` if `url` is `wss://`
   */
  allowedHosts?: readonly string[];
  /**
   * The version of Discord's API. Change it when Discord has a newer version that your bot needs.
   * @defaultValue `10`
   * @see https://discord.com/developers/docs/reference#api-versioning
   */
  version?: number;
  /**
   * How Discord compresses its messages. Use `'zstd-stream'` for less CPU time at the cost of some MB of memory per
   * shard, and `'none'` only if traffic costs you nothing.
   * @defaultValue `'zlib-stream'`
   * @see https://discord.com/developers/docs/events/gateway#encoding-and-compression
   */
  compression?: Compression;
  /**
   * The max size of one inflated message, in bytes, up to 256 MiB. A larger message is not read: it is a `fault`, and
   * the shard resumes on a new connection. Lower it if memory is scarce; raise it if a READY of yours is larger.
   * @defaultValue `67_108_864` (64 MiB)
   */
  maxMessageBytes?: number;
  /**
   * The max size of all dispatches that wait in `dispatches()` and for handlers with `concurrency`, in bytes as received
   * and inflated. From half of it on the socket is not read. Above it the shard leaves its connection, keeps the session,
   * and stays away until half has been taken. Lower it if memory is scarce; raise it if your consumers pause for long.
   * @defaultValue `67_108_864` (64 MiB)
   */
  maxBufferedBytes?: number;
  /**
   * The only dispatches that are delivered to listeners and streams. The others are counted but not decoded, so they
   * cost little CPU time. Set it when an intent brings events that you don't use. The shard's own events, such as
   * `ready` and `rateLimited`, are not affected. Write a name that the types do not know as
   * `'SOMETHING_NEW' as CustomEventName`.
   * @defaultValue all events
   */
  events?: readonly AnyEventName[];
  /**
   * Member count above which Discord omits offline members from a guild, from 50 to 250. Raise it if your bot needs the
   * offline members of larger guilds without requesting them.
   * @defaultValue not sent; Discord then uses `50`
   */
  largeThreshold?: number;
  /**
   * The presence to identify with. Set it so that the bot has its status from the start. A later `updatePresence()`
   * replaces it for reconnections. A shard that resumes a session with another presence sends this one after RESUMED.
   * @defaultValue online, without an activity
   * @see https://discord.com/developers/docs/events/gateway-events#update-presence
   */
  presence?: GatewayPresenceUpdateData;
  /**
   * The client that IDENTIFY names to Discord. There is rarely a reason to change it.
   * @defaultValue `os`: the platform; `browser` and `device`: `'shardwright'`
   * @see https://discord.com/developers/docs/events/gateway-events#identify-identify-connection-properties
   */
  properties?: { os?: string; browser?: string; device?: string };
  /**
   * Whether the shard reconnects after it lost its connection. Set it to `false` to
   * decide yourself when to call `connect()` again.
   * @defaultValue `true`
   */
  shouldReconnect?: boolean;
  /**
   * Whether the shard joins its voice channels again in a new session, which begins without them. It sends the last voice
   * state of each guild after READY, within the send limit. Needs the intent `GuildVoiceStates`, or a bot that others
   * moved or disconnected goes back. Set it unless your voice library does it. Off by default, so that a shard joins
   * nothing unasked. `reshard()` and a replaced thread forget voice states, and so does a discarded session.
   * @defaultValue `false`
   */
  restoreVoiceStates?: boolean;
  /**
   * A session to resume first, for example one that another process passed on. It is used instead of the one in
   * `sessionStore`.
   * @defaultValue `null`: the session in `sessionStore`, if there is one
   */
  session?: Session | null;
  /**
   * Where the session is kept for the next process. Use a `FileSessionStore` so that a restart resumes instead of
   * identifying, and no events are lost. The sequence is written at most once a second, so after a kill the last second
   * comes again. Give each bot a store of its own. A session that was started with other intents, another API version or
   * another compression is not resumed.
   * @defaultValue a new `MemorySessionStore`
   */
  sessionStore?: SessionStore;
  /**
   * Whether the guilds are kept beside the session, in `sessionStore`, which must then be one that outlives the process.
   * A process that resumes a session of an earlier one first delivers READY and a GUILD_CREATE for each guild, with
   * `isRestored: true`, then the replay. Set it if your bot or its framework needs its guilds, channels and roles after
   * a restart. It costs some KB of disk per guild; see `docs/guides/warm-start.md`.
   * @defaultValue `false`
   */
  warmStart?: boolean;
  /**
   * Decides when a shard may identify. Shards that you start yourself must share one gate; a `ShardManager` has its
   * own. Write one of your own if several processes run shards of one bot.
   * @defaultValue a new `MemoryIdentifyGate` for this shard alone
   * @see https://discord.com/developers/docs/events/gateway#sharding-max-concurrency
   */
  identifyGate?: IdentifyGate;
  /**
   * Makes session starts wait that follow each other fast, also those of earlier processes: a bot that crashes right
   * after each start would use up the session starts of a day. Works if `sessionStore` has `loadStarts()` and
   * `saveStarts()`, as a `FileSessionStore` has. Set it to `false` if something else limits how often your bot starts.
   * @defaultValue `{ freeStarts: 4, windowMs: 3_600_000, minWaitMs: 15_000, maxWaitMs: 300_000 }`: from the 5th start
   * within an hour on, 15 s to 5 min
   */
  startGuard?: false | Partial<StartGuardPolicy>;
  /**
   * Timeouts, backoff and limits; each time is in ms. Change one if your network is slow, or to make tests fast.
   * @defaultValue the defaults of {@link ShardTiming}
   */
  timing?: Partial<ShardTiming>;
  /**
   * Returns the URL to open for a URL of Discord, resume URLs included. Set it to send all connections through a
   * gateway proxy.
   * @defaultValue returns the URL unchanged
   */
  rewriteUrl?: (url: URL) => URL;
  /**
   * The proxy through which the shard connects: an `http://`, `https://` or `socks5://` URL, with a user name and a
   * password if the proxy wants them (`http://name:password@host:3128`). Set it if the environment names no proxy, or
   * another one; `false` connects without a proxy. Without the option NO_PROXY lists exceptions; hosts of this machine
   * are some if it is not set. See `docs/guides/proxy.md`.
   * @defaultValue the environment variable HTTPS_PROXY or ALL_PROXY
   */
  proxy?: string | URL | false;
  /**
   * The HTTP agent that `ws` opens connections with. Set it to connect in a way of your own; `proxy` is then not used.
   * @defaultValue the agent of Node
   */
  agent?: Agent;
  /**
   * Opens a WebSocket. Set it to use another WebSocket library, the global `WebSocket` of the platform, or sockets in
   * memory for tests. A socket of the platform can't pause, so a consumer that falls behind does not slow the gateway.
   * @defaultValue opens a socket of `ws`
   */
  createSocket?: CreateSocket;
  /**
   * Receives what the shard logs: state changes at level `info`, faults at `warn`, failures at `error`. Set it to
   * `console`, or to your own logger. Messages never contain the token.
   * @defaultValue logs nothing
   */
  logger?: Logger;
  /**
   * An observer of the state machine, or several, such as the `inspect` of an inspector or a `FlightRecorder`. It sees
   * states and events, never payloads or the token. An observer that throws is detached, and the shard goes on.
   * @defaultValue no observer
   */
  inspect?: InspectionObserver | readonly InspectionObserver[];
  /**
   * The source of all times and timers. Set it to a virtual clock in tests.
   * @defaultValue `systemClock`
   */
  clock?: Clock;
  /**
   * Returns random numbers from 0 up to but not including 1, for backoff, heartbeat jitter and nonces. Set it to make
   * tests repeatable.
   * @defaultValue `Math.random`
   */
  random?: () => number;
}

/** The options with all defaults filled in. */
export type ResolvedOptions = ReturnType<typeof resolveOptions>;

const DEFAULT_MAX_MESSAGE_BYTES = 64 * 1024 * 1024;
const DEFAULT_MAX_BUFFERED_BYTES = 64 * 1024 * 1024;

const unchangedUrl = (url: URL): URL => url;

/** @throws {@link GatewayError} `INVALID_OPTIONS` or `INVALID_SESSION`, naming the option. */
export function resolveOptions(options: ShardOptions) {
  assertOption(
    typeof options === 'object' && options !== null,
    'options must be an object with at least token and intents',
  );
  assertParts(options);
  const { shardId = 0, shardCount = 1, url = 'wss://gateway.discord.gg', version = 10 } = options;
  const { compression = 'zlib-stream', largeThreshold, clock = systemClock, properties = {} } = options;
  const { events, maxMessageBytes = DEFAULT_MAX_MESSAGE_BYTES } = options;
  const { maxBufferedBytes = DEFAULT_MAX_BUFFERED_BYTES } = options;
  assertOption(isPositiveInteger(shardCount), 'shardCount must be a positive integer');
  assertOption(isCount(shardId) && shardId < shardCount, 'shardId must be an integer from 0 to shardCount - 1');
  assertOption(isWebSocketUrl(url) && !url.includes('#'), 'url must be a ws:// or wss:// URL without a fragment (#…)');
  const allowedHosts = resolveAllowedHosts(options.allowedHosts);
  assertOption(isAllowedHost(url, allowedHosts), 'url must name a host that allowedHosts lists');
  if (events !== undefined) assertEventNames('events', events);
  return {
    token: new Token(options.token),
    intents: resolveIntents(options.intents),
    shardId,
    shardCount,
    url,
    allowedHosts,
    version,
    compression,
    maxMessageBytes,
    maxBufferedBytes,
    events: events === undefined ? null : new Set<string>(events),
    largeThreshold,
    presence: options.presence === undefined ? undefined : checkPresence(options.presence),
    properties: {
      os: properties.os ?? process.platform,
      browser: properties.browser ?? 'shardwright',
      device: properties.device ?? 'shardwright',
    },
    shouldReconnect: options.shouldReconnect ?? true,
    restoreVoiceStates: options.restoreVoiceStates ?? false,
    session: options.session === undefined || options.session === null ? null : parseSession(options.session),
    sessionStore: options.sessionStore ?? new MemorySessionStore(),
    warmStart: resolveWarmStart(options.warmStart, options.sessionStore),
    identifyGate: InstrumentedIdentifyGate.wrap(options.identifyGate ?? new MemoryIdentifyGate({ clock }), clock),
    startGuard: resolveStartGuard(options.startGuard),
    timing: resolveTiming(options.timing),
    rewriteUrl: options.rewriteUrl ?? unchangedUrl,
    agent: options.agent,
    selectProxy: resolveProxy(options.proxy),
    createSocket: options.createSocket ?? createWebSocket,
    logger: options.logger === undefined ? silentLogger : safeLogger(options.logger),
    inspect: options.inspect === undefined ? undefined : observersOf(options.inspect),
    clock,
    random: options.random === undefined ? Math.random : safeRandom(options.random),
  };
}
