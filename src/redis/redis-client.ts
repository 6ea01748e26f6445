/**
 * The part of node-redis that the engine uses. Its clients for one server, for Cluster and for Sentinel all have it. The
 * package is imported only when an engine is opened without a client of yours.
 */
import { GatewayError } from '../protocol/errors.ts';

/** The keys and arguments of a script. */
export interface RedisScriptCall {
  keys: string[];
  arguments: (string | Buffer)[];
}

/**
 * A client of the package `redis`: of `createClient()`, `createCluster()` or `createSentinel()`. It must be connected.
 */
export interface RedisClientLike {
  evalSha(sha: string, call: RedisScriptCall): Promise<unknown>;
  eval(source: string, call: RedisScriptCall): Promise<unknown>;
  duplicate(): RedisClientLike;
  connect(): Promise<unknown>;
  destroy(): unknown;
  withTypeMapping(mapping: { 36: typeof Buffer }): Pick<RedisClientLike, 'evalSha' | 'eval'>;
  sSubscribe(channel: string, listener: (message: string, channel: string) => void): Promise<unknown>;
  sUnsubscribe(channel: string, listener: (message: string, channel: string) => void): Promise<unknown>;
  on(event: 'error', listener: (error: unknown) => void): unknown;
}

/** What runs scripts. Texts come as bytes, because packets are not text. */
export type ScriptRunner = Pick<RedisClientLike, 'evalSha' | 'eval'>;

/** The sign of a bulk string in the protocol of Redis. */
const BULK_STRING = 36;

export const scriptRunnerOf = (client: RedisClientLike): ScriptRunner =>
  client.withTypeMapping({ [BULK_STRING]: Buffer });

interface RedisPackage {
  createClient(options: object): RedisClientLike;
}

/** @throws {@link GatewayError} `INVALID_OPTIONS` if the package `redis` is not installed. */
export async function createOwnClient(url: string, connectTimeout: number): Promise<RedisClientLike> {
  // Not a literal, so that a project without redis compiles, and a bundler leaves it out.
  const name: string = 'redis';
  let redis: RedisPackage;
  try {
    redis = (await import(name)) as RedisPackage;
  } catch (cause) {
    const hint = 'Install the package redis: npm i redis';
    throw new GatewayError('INVALID_OPTIONS', 'redisEngine() needs the package redis: npm i redis', { cause, hint });
  }
  // The engine connects again itself, at one place for all that can go wrong.
  const client = redis.createClient({
    url,
    disableOfflineQueue: true,
    disableClientInfo: true,
    maintNotifications: 'disabled',
    // The engine limits each call itself, with one timer for all.
    commandOptions: { timeout: 0 },
    socket: { connectTimeout, reconnectStrategy: false },
  });
  return client;
}
