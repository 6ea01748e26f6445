import { createClient } from 'redis';
import { describe, expect, onTestFinished, test } from 'vitest';
import { openRedis } from '../kit/redis-rig.ts';
import { RedisServer, redisServerPath } from '../kit/redis-server.ts';

const request = (shardId: number) => ({ shardId, signal: new AbortController().signal });

describe.skipIf(redisServerPath() === null)('the identify gate on Redis', () => {
  test('keeps the spacing when Redis starts again with an older state', async () => {
    const server = await RedisServer.start({ isKept: true });
    onTestFinished(() => server[Symbol.asyncDispose]());
    await using rig = await openRedis({ url: server.url });
    const { identifyGate } = rig.connection;
    await identifyGate.update({ total: 100, remaining: 100, resetAfterMs: 3_600_000, maxConcurrency: 1 }, 0);
    (await identifyGate.acquire(request(0))).release();
    const client = await createClient({ url: server.url }).connect();
    await client.sendCommand(['SAVE']);
    client.destroy();

    (await identifyGate.acquire(request(0))).sent();
    const sentAt = performance.now();
    await server.kill();
    await rig.reachable(false);
    await server.start();
    await identifyGate.acquire(request(1));
    expect(performance.now() - sentAt).toBeGreaterThanOrEqual(5_000);
  });
});
