/** What a shard can be told, and the check of it: whatever is wrong is said at construction, by name. */
import type { Agent } from 'node:http';
import type { GatewayPresenceUpdateData } from 'discord-api-types/v10';
import { DEFAULT_TIMING } from '../../machines/index.ts';
import type { ShardTiming } from '../../machines/index.ts';
import type { IdentifyGate } from '../identify/identify-gate.ts';
import { MemoryIdentifyGate } from '../identify/memory-identify-gate.ts';
import { InstrumentedIdentifyGate } from '../identify/instrumented-identify-gate.ts';
import { createWebSocket } from '../connection/web-socket.ts';
import type { CreateSocket } from '../connection/web-socket.ts';
import { systemClock } from '../clock.ts';
import type { Clock } from '../clock.ts';
import { isWebSocketUrl } from '../protocol/gateway-url.ts';
import type { Compression } from '../protocol/gateway-url.ts';
import { resolveIntents } from '../protocol/intents.ts';
import type { IntentName } from '../protocol/intents.ts';
import type { EventName } from '../protocol/packets.ts';
import { Token } from '../protocol/token.ts';
import { assertOption, isCount, isPositiveInteger, isTimeout } from '../protocol/validation.ts';
import { MemorySessionStore } from '../session/memory-session-store.ts';
import { parseSession } from '../session/session.ts';
import type { Session } from '../session/session.ts';
import type { SessionStore } from '../session/session-store.ts';
import type { InspectionObserver } from './inspected-shard.ts';
import { safeLogger, silentLogger } from './logger.ts';
import type { Logger } from './logger.ts';

/** @see https://discord.com/developers/docs/events/gateway-events#identify-identify-structure */
export interface ShardOptions {
  /** The bot token, with or without `Bot ` in front. Kept where nothing prints it. */
  token: string;
  /** A bit field, or names. @see https://discord.com/developers/docs/events/gateway#gateway-intents */
  intents: number | readonly IntentName[];
  /** Default 0. @see https://discord.com/developers/docs/events/gateway#sharding */
  shardId?: number;
  /** Default 1. */
  shardCount?: number;
  /** The main gateway URL. Default `wss://gateway.discord.gg`. */
  url?: string;
  /** The API version. Default 10. */
  version?: number;
  /** Default `zlib-stream`. `zstd-stream` decodes faster but holds some MB a shard. */
  compression?: Compression;
  /**
   * The most bytes one message may have, inflated, up to 256 MiB. A larger one is a `fault`, and the shard resumes on a
   * new connection: no memory is spent on it. Default 64 MiB.
   */
  maxMessageBytes?: number;
  /**
   * The only events that are handed out, to listeners and streams. Others are counted, so that nothing is replayed
   * twice, and cost little; what the shard tells itself, as `ready` or `rateLimited`, it tells all the same. Unlike
   * intents this is of no concern to Discord. Default all.
   */
  events?: readonly EventName[];
  /** Members from which on a guild comes without its offline ones, 50–250. Default: Discord's, 50. */
  largeThreshold?: number;
  /** The presence to identify with. Later ones of `updatePresence` take its place. */
  presence?: GatewayPresenceUpdateData;
  /** What Discord is told about the client. Default: the platform, and `shardwright`. */
  properties?: { os?: string; browser?: string; device?: string };
  /** Whether a lost connection is replaced. Default true. */
  shouldReconnect?: boolean;
  /** A session to resume first. Default none: what the store has. */
  session?: Session | null;
  /** Default in memory. */
  sessionStore?: SessionStore;
  /** Shared by all shards of a bot. Default in memory, for this shard alone. */
  identifyGate?: IdentifyGate;
  /** In ms; see {@link ShardTiming} for the defaults. */
  timing?: Partial<ShardTiming>;
  /** For gateway proxies; applied to the resume URL too. */
  rewriteUrl?: (url: URL) => URL;
  /** Handed to `ws`. */
  agent?: Agent;
  /** Default `ws`. */
  createSocket?: CreateSocket;
  /** Default silent. */
  logger?: Logger;
  /** Any XState observer. It sees states and events, never payloads or the token, and can't disturb the shard. */
  inspect?: InspectionObserver;
  /** Default real time. */
  clock?: Clock;
  /** In [0, 1). Default `Math.random`. */
  random?: () => number;
}

/** The options with everything decided. */
export type ResolvedOptions = ReturnType<typeof resolveOptions>;

const DEFAULT_MAX_MESSAGE_BYTES = 64 * 1024 * 1024;
/** What a string may hold in all versions of Node, with room. */
const MAX_MESSAGE_BYTES = 256 * 1024 * 1024;

const unchangedUrl = (url: URL): URL => url;

const COMPRESSIONS: readonly string[] = ['none', 'payload', 'zlib-stream', 'zstd-stream'] satisfies Compression[];

const isTimeoutOrZero = (value: unknown): boolean => value === 0 || isTimeout(value);

const TIMING_VALIDATORS: Readonly<Record<keyof ShardTiming, (value: unknown) => boolean>> = {
  connectTimeoutMs: isTimeout,
  helloTimeoutMs: isTimeout,
  resumedTimeoutMs: isTimeout,
  readyPatienceMs: isTimeout,
  closeTimeoutMs: isTimeout,
  stableAfterMs: isTimeout,
  backoffBaseMs: isTimeout,
  backoffCapMs: isTimeout,
  invalidSessionWaitMs: (value) =>
    Array.isArray(value) && value.length === 2 && value.every(isTimeoutOrZero) && Number(value[0]) <= Number(value[1]),
  maxResumeAttempts: isPositiveInteger,
  maxDispatchSilenceMs: (value) => value === null || isTimeout(value),
};

function resolveTiming(timing: Partial<ShardTiming> = {}): ShardTiming {
  const entries = Object.entries(timing).filter(([, value]) => value !== undefined);
  for (const [name, value] of entries) {
    const isValid = (TIMING_VALIDATORS as Record<string, ((value: unknown) => boolean) | undefined>)[name];
    assertOption(
      isValid !== undefined,
      `timing.${name} is not known; there are ${Object.keys(TIMING_VALIDATORS).join(', ')}`,
    );
    assertOption(isValid?.(value) === true, `timing.${name} has an invalid value: ${JSON.stringify(value)}`);
  }
  return entries.length === 0 ? DEFAULT_TIMING : { ...DEFAULT_TIMING, ...Object.fromEntries(entries) };
}

/** @throws {@link GatewayError} `INVALID_OPTIONS` or `INVALID_SESSION`, naming what is wrong. */
export function resolveOptions(options: ShardOptions) {
  assertOption(
    typeof options === 'object' && options !== null,
    'options must be an object with at least token and intents',
  );
  const { shardId = 0, shardCount = 1, url = 'wss://gateway.discord.gg', version = 10 } = options;
  const { compression = 'zlib-stream', largeThreshold, clock = systemClock, properties = {} } = options;
  const { events, maxMessageBytes = DEFAULT_MAX_MESSAGE_BYTES } = options;
  assertOption(isPositiveInteger(shardCount), 'shardCount must be a positive integer');
  assertOption(isCount(shardId) && shardId < shardCount, 'shardId must be an integer from 0 to shardCount - 1');
  assertOption(isWebSocketUrl(url), 'url must be a ws:// or wss:// URL');
  assertOption(isPositiveInteger(version), 'version must be a positive integer');
  assertOption(COMPRESSIONS.includes(compression), `compression must be one of ${COMPRESSIONS.join(', ')}`);
  assertOption(
    largeThreshold === undefined ||
      (Number.isSafeInteger(largeThreshold) && largeThreshold >= 50 && largeThreshold <= 250),
    'largeThreshold must be an integer from 50 to 250',
  );
  assertOption(
    isPositiveInteger(maxMessageBytes) && maxMessageBytes <= MAX_MESSAGE_BYTES,
    'maxMessageBytes must be an integer from 1 to 268435456',
  );
  assertOption(
    events === undefined || (Array.isArray(events) && events.every((name) => typeof name === 'string')),
    'events must be an array of event names',
  );
  return {
    token: new Token(options.token),
    intents: resolveIntents(options.intents),
    shardId,
    shardCount,
    url,
    version,
    compression,
    maxMessageBytes,
    events: events === undefined ? null : new Set<string>(events),
    largeThreshold,
    presence: options.presence === undefined ? undefined : structuredClone(options.presence),
    properties: {
      os: properties.os ?? process.platform,
      browser: properties.browser ?? 'shardwright',
      device: properties.device ?? 'shardwright',
    },
    shouldReconnect: options.shouldReconnect ?? true,
    session: options.session === undefined || options.session === null ? null : parseSession(options.session),
    sessionStore: options.sessionStore ?? new MemorySessionStore(),
    identifyGate: InstrumentedIdentifyGate.wrap(options.identifyGate ?? new MemoryIdentifyGate({ clock }), clock),
    timing: resolveTiming(options.timing),
    rewriteUrl: options.rewriteUrl ?? unchangedUrl,
    agent: options.agent,
    createSocket: options.createSocket ?? createWebSocket,
    logger: options.logger === undefined ? silentLogger : safeLogger(options.logger),
    inspect: options.inspect,
    clock,
    random: options.random ?? Math.random,
  };
}
