/** The engine through clients for Redis Cluster and Sentinel, when a server is lost. */
import { createCluster, createSentinel } from 'redis';
import { describe, expect, onTestFinished, test } from 'vitest';
import { GatewayError } from '../../src/index.ts';
import { BOUNDS, OWNER, SESSION, SHARDS, dispatchOf, openRedis } from '../kit/redis-rig.ts';
import type { RedisRig } from '../kit/redis-rig.ts';
import { RedisCluster, RedisSentinels, redisServerPath } from '../kit/redis-server.ts';

const disposed = <Servers extends AsyncDisposable>(servers: Servers): Servers => {
  onTestFinished(() => servers[Symbol.asyncDispose]());
  return servers;
};

/** Repeats a call while the engine can't be reached, as a node does. */
async function untilReachable<Result>(rig: RedisRig, call: () => Promise<Result>): Promise<Result> {
  for (;;) {
    try {
      return await call();
    } catch (error) {
      if (!(error instanceof GatewayError) || error.code !== 'ENGINE_UNAVAILABLE') throw error;
      await rig.reachable(true);
    }
  }
}

describe.skipIf(redisServerPath() === null)('the engine', () => {
  test('goes on with the replica that Sentinel has promoted, with the leases and sessions of the master', async () => {
    const servers = disposed(await RedisSentinels.start());
    const client = createSentinel({
      name: 'bot',
      sentinelRootNodes: [{ host: '127.0.0.1', port: servers.sentinel.port }],
    }).on('error', () => undefined);
    await client.connect();
    onTestFinished(() => client.destroy());
    await using rig = await openRedis({ client, leaseTtlMs: 3_000 });
    const lease = await rig.claim();
    const { journal } = rig.connection;
    expect(await journal.open(lease, SESSION, [dispatchOf(1)], BOUNDS)).toEqual({ kind: 'stored' });
    await client.use((master) => master.wait(1, 5_000));

    await servers.master.kill();
    const commit = { sessionId: 'session', base: 1, sequence: 2, entries: [dispatchOf(2)], bounds: BOUNDS };
    expect(await untilReachable(rig, () => journal.commit(lease, commit))).toEqual({ kind: 'stored' });
    expect(await journal.load(lease)).toEqual({ ...SESSION, sequence: 2 });
    // The client may have waited for the new master itself.
    expect(rig.reports.filter(({ code }) => code !== 'ENGINE_UNAVAILABLE')).toEqual([]);
    const { fenced, forgotten } = await rig.connection.ownership(SHARDS).renew(OWNER, [lease], { isDraining: false });
    expect({ fenced, forgotten }).toEqual({ fenced: [], forgotten: [] });
  });

  test('waits for the server of Redis Cluster that is lost, and goes on when it is back', async () => {
    const cluster = disposed(await RedisCluster.start());
    const client = await createCluster({ rootNodes: cluster.servers.map(({ url }) => ({ url })) })
      .on('error', () => undefined)
      .connect();
    onTestFinished(() => client.destroy());
    await using rig = await openRedis({ client, partitions: 8, leaseTtlMs: 3_000 });
    const leases = await Promise.all([0, 1, 2, 3].map((shardId) => rig.claim(shardId)));
    const [first] = cluster.servers;

    await first!.kill();
    await Promise.allSettled(leases.map((lease) => rig.connection.journal.load(lease)));
    await rig.reachable(false);
    await first!.start();
    await rig.reachable(true);
    const renewal = await rig.connection.ownership(SHARDS).renew(OWNER, leases, { isDraining: false });
    // That server has forgotten its part, and the others have not.
    expect(renewal.fenced).toEqual([]);
    expect(renewal.forgotten.length).toBeLessThan(leases.length);
    for (const lease of leases.filter(({ shardId }) => renewal.forgotten.includes(shardId)))
      expect(await rig.connection.ownership(SHARDS).restore(lease, null)).toBe(true);
    expect(rig.reports.map(({ code }) => code)).toEqual(['ENGINE_UNAVAILABLE']);
  });

  test('says which client it needs when a URL leads to a server of Redis Cluster', async () => {
    const cluster = disposed(await RedisCluster.start());
    const opened = openRedis({ url: cluster.servers[0]!.url, partitions: 8 });
    await expect(opened).rejects.toMatchObject({
      code: 'ENGINE_INVALID',
      message: expect.stringContaining('pass a client of createCluster() as the option client') as string,
    });
  });
});
