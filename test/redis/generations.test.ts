/** What stays in Redis of a generation of shards that is no longer needed. */
import { createClient } from 'redis';
import { describe, expect, onTestFinished, test } from 'vitest';
import { BOUNDS, SESSION, dispatchOf, openRedis } from '../kit/redis-rig.ts';
import { RedisServer, redisServerPath } from '../kit/redis-server.ts';

const GENERATION = 1_767_225_600_000;
const HOUR_MS = 3_600_000;

describe.skipIf(redisServerPath() === null)('a generation of shards', () => {
  test('ends with its leases, sessions and snapshots, also those of a member that has ended', async () => {
    const server = await RedisServer.start();
    onTestFinished(() => server[Symbol.asyncDispose]());
    await using rig = await openRedis({ url: server.url });
    await rig.claim();
    const { connection } = rig;
    const scope = { kind: 'shards', generation: GENERATION } as const;
    const lease = await rig.claim(1, scope);
    const session = { ...SESSION, shardId: 1 };
    expect(await connection.journal.open(lease, session, [dispatchOf(1)], BOUNDS)).toEqual({ kind: 'stored' });

    await connection.ownership(scope).retire?.();
    const client = await createClient({ url: server.url }).connect();
    onTestFinished(() => client.destroy());
    const keys = (await client.keys(`*@${GENERATION}*`)).toSorted();
    expect(keys.map((key) => key.replace(/^\{.*\}:/, ''))).toEqual([
      `leases:shards@${GENERATION}`,
      `seen:shards@${GENERATION}`,
      `session@${GENERATION}:1`,
    ]);
    for (const key of keys) {
      const endsInMs = await client.pTTL(key);
      expect(endsInMs).toBeGreaterThan(0);
      expect(endsInMs).toBeLessThanOrEqual(HOUR_MS);
    }
    expect(await client.pTTL('{bot.p0}:session:0')).toBeLessThan(0);
  });
});
