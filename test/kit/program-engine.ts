/** The engine of a program on Redis: on one server by its URL, or with a client for Redis Cluster or Sentinel. */
import { createCluster, createSentinel } from 'redis';
import type { Engine } from '../../src/index.ts';
import { redisEngine } from '../../src/redis/index.ts';
import type { RedisEngineOptions } from '../../src/redis/index.ts';

/** Ports are on loopback. */
export interface ProgramEngineOptions extends Omit<RedisEngineOptions, 'client' | 'clock'> {
  /** The ports of the servers of Redis Cluster. */
  readonly cluster?: readonly number[];
  /** The port of a sentinel, which knows the master `bot`. */
  readonly sentinel?: number;
}

const ignore = (): void => undefined;

export async function programEngine({ cluster, sentinel, url, ...options }: ProgramEngineOptions): Promise<Engine> {
  if (cluster !== undefined) {
    const client = createCluster({ rootNodes: cluster.map((port) => ({ url: `redis://127.0.0.1:${port}` })) });
    await client.on('error', ignore).connect();
    return redisEngine({ ...options, client });
  }
  if (sentinel !== undefined) {
    const client = createSentinel({ name: 'bot', sentinelRootNodes: [{ host: '127.0.0.1', port: sentinel }] });
    await client.on('error', ignore).connect();
    return redisEngine({ ...options, client });
  }
  return redisEngine({ ...options, ...(url === undefined ? {} : { url }) });
}
