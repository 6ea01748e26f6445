/** `redisEngine()`: several processes run one bot, and Redis keeps what they share. */
import { systemClock } from '../clock.ts';
import type { Clock } from '../clock.ts';
import type { Engine, EngineConnection, EngineOpenOptions } from '../cluster/ports/engine.ts';
import { abortedError, GatewayError } from '../protocol/errors.ts';
import { onAbort } from '../protocol/on-abort.ts';
import { assertOption, isObject, isPositiveInteger, isTimeout } from '../protocol/validation.ts';
import type { RedisClientLike } from './redis-client.ts';
import { RedisConnection } from './redis-connection.ts';
import { RedisKeyspace } from './redis-keys.ts';
import { RedisLink } from './redis-link.ts';
import type { RedisSource } from './redis-link.ts';
import { borrowedSource, ownSource } from './redis-source.ts';
import { checkServer } from './check-server.ts';
import { RedisSuccession } from './redis-succession.ts';
import { invalidError } from './redis-failure.ts';
import { waitUntil } from './wait-until.ts';

/** Options of {@link redisEngine}. */
export interface RedisEngineOptions {
  /**
   * The name of the bot in Redis, from 1 to 64 characters of `A-Z a-z 0-9 _ -`. All nodes and consumers of a bot pass the
   * same. Change it to run several bots on one Redis.
   */
  app: string;
  /**
   * Into how many parts the shards are split. With Redis Cluster, each part may lie on another server. All nodes must
   * pass the same number, or none.
   * @defaultValue the number that the nodes of this bot have agreed on, at first 1
   */
  partitions?: number;
  /**
   * The URL of one Redis server: `redis://` or `rediss://`, with user, password and database if it needs them.
   * @defaultValue `redis://127.0.0.1:6379`
   */
  url?: string;
  /**
   * A connected client of the package `redis` instead of a URL. Pass one for Redis Cluster, Sentinel, or TLS with
   * certificates of your own. The engine never closes it.
   * @defaultValue a client of its own
   */
  client?: RedisClientLike;
  /**
   * How long a node keeps its shards without an answer from Redis, in ms, before others may take them. It is renewed
   * every third of this time. Raise it if nodes are often blocked for longer. All nodes must pass the same number.
   * @defaultValue 12_000 ms
   */
  leaseTtlMs?: number;
  /**
   * The source of time of the engine on this machine. Leases count on the clock of Redis.
   * @defaultValue `systemClock`
   */
  clock?: Clock;
}

const DEFAULT_LEASE_TTL_MS = 12_000;
const MIN_LEASE_TTL_MS = 300;
const MAX_PARTITIONS = 1_024;
/** A call has to end well before the lease does. */
const MIN_CALL_TIMEOUT_MS = 2_000;
const MAX_CALL_TIMEOUT_MS = 4_000;
const FIRST_RETRY_MS = 100;
const MAX_RETRY_MS = 2_000;

/**
 * Returns an engine on Redis 7.0 or later, for the option `engine` of a manager or a consumer. It connects when they
 * start. The package `redis` must be installed.
 *
 * @throws {@link GatewayError} `INVALID_OPTIONS`, naming the option.
 * @example
 * ```ts
 * const engine = redisEngine({ app: 'my-bot', url: process.env.REDIS_URL });
 * const manager = new ShardManager({ token, intents, engine });
 * ```
 */
export function redisEngine(options: RedisEngineOptions): Engine {
  check(isObject(options), 'the options must be an object');
  const { app, partitions, url, client, leaseTtlMs = DEFAULT_LEASE_TTL_MS, clock = systemClock } = options;
  check(typeof app === 'string' && /^[\w-]{1,64}$/.test(app), 'app must be 1 to 64 characters of A-Z a-z 0-9 _ -');
  check(
    partitions === undefined || (isPositiveInteger(partitions) && partitions <= MAX_PARTITIONS),
    `partitions must be an integer from 1 to ${MAX_PARTITIONS}`,
  );
  check(isTimeout(leaseTtlMs) && leaseTtlMs >= MIN_LEASE_TTL_MS, `leaseTtlMs must be ${MIN_LEASE_TTL_MS} ms or more`);
  check(url === undefined || client === undefined, 'pass url or client, not both');
  check(client === undefined || isClient(client), 'client must be a client of the package redis');
  const timeoutMs = Math.min(MAX_CALL_TIMEOUT_MS, Math.max(MIN_CALL_TIMEOUT_MS, leaseTtlMs / 3));
  const source = client === undefined ? ownSource(url, timeoutMs) : borrowedSource(client);
  check(source !== null, 'url must be a redis:// or rediss:// URL, such as redis://127.0.0.1:6379');
  return {
    kind: 'redis',
    leaseTtlMs,
    open: (openOptions) => open({ app, partitions, leaseTtlMs, clock, timeoutMs, source }, openOptions),
  };
}

interface ResolvedOptions {
  readonly app: string;
  readonly partitions: number | undefined;
  readonly leaseTtlMs: number;
  readonly clock: Clock;
  readonly timeoutMs: number;
  readonly source: RedisSource;
}

const CLIENT_METHODS = ['evalSha', 'eval', 'duplicate', 'withTypeMapping', 'sSubscribe', 'on'] as const;

const isClient = (value: unknown): boolean =>
  typeof value === 'object' &&
  value !== null &&
  CLIENT_METHODS.every((name) => typeof (value as Readonly<Record<string, unknown>>)[name] === 'function');

async function open(options: ResolvedOptions, { signal, report }: EngineOpenOptions): Promise<EngineConnection> {
  const { source, clock, timeoutMs, leaseTtlMs } = options;
  const link = new RedisLink({ source, clock, timeoutMs, report });
  let delayMs = FIRST_RETRY_MS;
  let hasReported = false;
  // Ends also a call that a server does not answer.
  const stopListening = onAbort(signal, () => link.close());
  try {
    throwIfAborted(signal);
    while (true) {
      try {
        await link.connect();
        const keyspace = await agreeOnPartitions(link, options);
        throwIfAborted(signal);
        link.watch(keyspace.all.map(({ birth }) => birth));
        return new RedisConnection({ link, keyspace, leaseTtlMs });
      } catch (error) {
        throwIfAborted(signal);
        if (!(error instanceof GatewayError) || error.code !== 'ENGINE_UNAVAILABLE') throw error;
        if (!hasReported) report(error);
        hasReported = true;
      }
      await waitUntil(clock, delayMs, signal, true);
      throwIfAborted(signal);
      delayMs = Math.min(delayMs * 2, MAX_RETRY_MS);
    }
  } catch (error) {
    link.close();
    throw error;
  } finally {
    stopListening();
  }
}

function throwIfAborted(signal: AbortSignal | undefined): void {
  if (signal?.aborted === true) throw abortedError('connecting to Redis', signal);
}

/** Checks every server that holds a part, and agrees on the number of parts. */
async function agreeOnPartitions(
  link: RedisLink,
  { app, partitions, leaseTtlMs }: ResolvedOptions,
): Promise<RedisKeyspace> {
  const keyspaceOfOne = new RedisKeyspace(app, 1);
  await checkServer(link, keyspaceOfOne.control);
  const succession = new RedisSuccession({ link, keyspace: keyspaceOfOne, leaseTtlMs });
  const agreed = await succession.agree(null, partitions ?? null);
  const stored = agreed.partitions ?? 1;
  if (partitions !== undefined && partitions !== stored)
    throw invalidError(
      `the app ${app} has ${stored} partitions in Redis, not ${partitions}: pass partitions: ${stored}`,
    );
  const keyspace = new RedisKeyspace(app, stored);
  for (const keys of keyspace.partitions) await checkServer(link, keys);
  return keyspace;
}

function check(isValid: boolean, message: string): asserts isValid {
  assertOption(isValid, `redisEngine(): ${message}`);
}
