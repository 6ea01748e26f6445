/** Nodes and consumers as processes on Redis Cluster, and with Sentinel. */
import { describe, expect, test } from 'vitest';
import { ProcessCluster } from '../../kit/process-cluster.ts';
import { RedisCluster, RedisSentinels, redisServerPath } from '../../kit/redis-server.ts';
import { PATIENCE_MS, until } from '../../kit/until.ts';

/** Resolves when a group has handled everything. A test of one server also looks into the streams. */
const handled = (cluster: ProcessCluster): Promise<void> =>
  until(
    'everything is handled',
    () => cluster.consumers.flatMap(({ begun }) => begun).length >= cluster.sent.length,
    () => ({ sent: cluster.sent.length, state: cluster.state }),
  );

describe.skipIf(redisServerPath() === null)('nodes and consumers as processes', { timeout: PATIENCE_MS }, () => {
  test('25: on Redis Cluster the shards of each partition are on a server of their own, and move without loss', async () => {
    await using servers = await RedisCluster.start();
    const ports = servers.servers.map(({ port }) => port);
    await using cluster = await ProcessCluster.start({ engine: { cluster: ports, partitions: 3 } });
    const first = await cluster.node('first');
    await cluster.settled([first], [4]);
    cluster.countIdentifies();
    await cluster.consumer();
    const load = cluster.load(100);
    const second = await cluster.node('second');
    await cluster.settled([first, second], [2, 2]);
    await first.program.call('disconnect');
    await cluster.settled([second], [4]);
    load.stop();
    await handled(cluster);

    expect(new Set(cluster.consumers[0]!.begun)).toEqual(new Set(cluster.sent));
    expect(cluster.consumers[0]!.begun).toHaveLength(cluster.sent.length);
    expect(cluster.identifies).toBe(0);
  });

  test('25: with Sentinel they go on with the replica that was promoted, and nothing is lost', async () => {
    await using servers = await RedisSentinels.start();
    await using cluster = await ProcessCluster.start({
      engine: { sentinel: servers.sentinel.port },
      // The replica may lack what heartbeats have confirmed already.
      breaks: ['resume-sequence'],
    });
    const nodes = await Promise.all(['first', 'second'].map((name) => cluster.node(name)));
    await cluster.settled(nodes, [2, 2]);
    cluster.countIdentifies();
    await cluster.consumer();
    const load = cluster.load(100);
    await until('the consumer reads', () => cluster.consumers[0]!.begun.length > 0);
    await servers.master.kill();
    const before = cluster.sent.length;
    await until(
      'what was sent since is handled',
      () => cluster.consumers[0]!.begun.some((id) => Number(id.slice(1)) >= before),
      () => cluster.state,
    );
    load.stop();
    await handled(cluster);
    await cluster.settled(nodes);

    expect(new Set(cluster.consumers[0]!.begun)).toEqual(new Set(cluster.sent));
    expect(cluster.identifies).toBe(0);
  });
});
