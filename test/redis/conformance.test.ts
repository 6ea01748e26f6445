/** Redis does what every engine does. */
import { createCluster } from 'redis';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { redisEngine } from '../../src/redis/index.ts';
import type { RedisEngineOptions } from '../../src/redis/index.ts';
import { engineConformance } from '../../src/testing/index.ts';
import { RedisCluster, RedisServer, forgetApp, redisServerPath } from '../kit/redis-server.ts';

/** Longer than pauses of a busy machine. */
const LEASE_TTL_MS = 3_000;

interface Servers extends AsyncDisposable {
  readonly urls: readonly string[];
  /** What an engine needs to find them. */
  readonly options: Pick<RedisEngineOptions, 'url' | 'client'>;
}

async function oneServer(): Promise<Servers> {
  const server = await RedisServer.start();
  const { url } = server;
  return { urls: [url], options: { url }, [Symbol.asyncDispose]: () => server[Symbol.asyncDispose]() };
}

async function threeServers(): Promise<Servers> {
  const cluster = await RedisCluster.start();
  const urls = cluster.servers.map(({ url }) => url);
  const client = await createCluster({ rootNodes: urls.map((url) => ({ url })) })
    .on('error', () => undefined)
    .connect();
  return {
    urls,
    options: { client },
    [Symbol.asyncDispose]: async () => {
      client.destroy();
      await cluster[Symbol.asyncDispose]();
    },
  };
}

describe.skipIf(redisServerPath() === null).each([
  ['one server', oneServer],
  ['Redis Cluster, with a client that was passed', threeServers],
])('redisEngine() on %s', (_, start) => {
  let servers: Servers;
  beforeAll(async () => {
    servers = await start();
  });
  afterAll(() => servers[Symbol.asyncDispose]());

  test.concurrent.for(engineConformance.map((engineCase, index) => ({ ...engineCase, index })))(
    '$title',
    { timeout: 120_000 },
    async ({ run, index }) => {
      const app = `bot-${index}`;
      const engine = redisEngine({ app, partitions: 3, leaseTtlMs: LEASE_TTL_MS, ...servers.options });
      const ran = run({
        engine,
        now: () => performance.now(),
        wait: (ms) => new Promise((resolve) => setTimeout(resolve, ms)),
        forget: async () => void (await Promise.all(servers.urls.map((url) => forgetApp(url, app)))),
      });
      await expect(ran).resolves.toBeUndefined();
    },
  );
});
