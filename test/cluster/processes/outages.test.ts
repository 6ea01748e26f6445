/** Redis that is away, forgets, or refuses, and nodes that are cut off from it: on real processes and sockets. */
import { createClient } from 'redis';
import { afterAll, beforeAll, beforeEach, describe, expect, onTestFinished, test } from 'vitest';
import type { NodeProcess } from '../../kit/cluster-processes.ts';
import { LEASE_TTL_MS, ProcessCluster } from '../../kit/process-cluster.ts';
import { redisServerPath } from '../../kit/redis-server.ts';
import type { RedisLine } from '../../../src/cli/demo/cluster/redis-line.ts';
import { PATIENCE_MS, pause, until } from '../../kit/until.ts';

/** Longer than any lease. */
const OUTAGE_MS = 2 * LEASE_TTL_MS;

describe.skipIf(redisServerPath() === null)('nodes as processes, without Redis', { timeout: PATIENCE_MS }, () => {
  let cluster: ProcessCluster;
  let proxy: RedisLine;
  let first: NodeProcess;
  let second: NodeProcess;

  beforeAll(async () => {
    // A heartbeat confirms what has come and is not published yet; the next owner resumes from what is published.
    cluster = await ProcessCluster.start({ redis: { isKept: true }, breaks: ['resume-repeat'] });
    proxy = await cluster.proxy();
    first = await cluster.node('first');
    second = await cluster.node('second', { url: proxy.url });
    await cluster.consumer();
    await cluster.consumer({ group: 'log' });
  }, PATIENCE_MS);
  beforeEach(async () => {
    cluster.redis.thaw();
    proxy.mend();
    await cluster.settled([first, second], [2, 2]);
    cluster.countIdentifies();
  }, PATIENCE_MS);
  afterAll(() => cluster[Symbol.asyncDispose]());

  const held = () => [first, second].map((node) => [...node.held].toSorted((a, b) => a - b));
  const connections = () => cluster.gateway.connections.map(({ index }) => index);
  const command = async (...args: string[]): Promise<unknown> => {
    const client = await createClient({ url: cluster.redis.url }).connect();
    try {
      return await client.sendCommand(args);
    } finally {
      client.destroy();
    }
  };

  /** Plays something while messages are sent. Then each must have been published, and handled once by each group. */
  async function underLoad(play: () => Promise<void>): Promise<void> {
    const load = cluster.load(100);
    await pause(300);
    await play();
    await cluster.settled([first, second], [2, 2]);
    load.stop();
    await cluster.delivered();
    expect(cluster.balance).toEqual(cluster.evenBalance);
    expect(cluster.identifies).toBe(0);
  }

  test('5: shards that are up stay up while Redis answers nothing, and what comes is published afterwards', async () => {
    const before = { held: held(), connections: connections() };
    await underLoad(async () => {
      cluster.redis.freeze();
      await pause(OUTAGE_MS);
      expect({ held: held(), connections: connections() }).toEqual(before);
      cluster.redis.thaw();
      await until('Redis is there again', async () => (await first.status()).cluster?.isReachable === true);
    });

    expect({ held: held(), connections: connections() }).toEqual(before);
    for (const node of [first, second]) expect(node.faults.map(({ code }) => code)).toEqual(['ENGINE_UNAVAILABLE']);
  });

  test('5: a node that alone is cut off yields its shards to the others, and has them back later', async () => {
    const cut = [...second.held];
    await underLoad(async () => {
      proxy.cut();
      await until(
        'the other node has all',
        () => first.held.size === 4,
        () => cluster.state,
      );
      await until(
        'it has yielded',
        () => second.held.size === 0,
        () => cluster.state,
      );
      proxy.mend();
    });

    const yielded = second.released.filter(([, why]) => why === 'fenced').map(([shardId]) => shardId);
    expect(new Set(yielded)).toEqual(new Set(cut));
  });

  test('14: without Redis nobody identifies, and shards resume all the same', async () => {
    const started = cluster.gateway.stats.identifies;
    const [shardId] = [...first.held];
    const [other] = [...first.held].slice(1);
    const connectionOf = (id?: number) => cluster.gateway.connections.find(({ shard }) => shard?.[0] === id);
    cluster.redis.freeze();
    const { resumes } = cluster.gateway.stats;
    connectionOf(other)?.terminate();
    await until(
      'the shard has resumed',
      () => cluster.gateway.stats.resumes > resumes,
      () => cluster.state,
    );
    connectionOf(shardId)?.invalidateSession(false);
    await until(
      'the shard waits',
      () => first.states.get(shardId!) === 'identifying',
      () => cluster.state,
    );
    await pause(OUTAGE_MS);
    expect(cluster.gateway.stats.identifies).toBe(started);

    cluster.redis.thaw();
    await cluster.settled([first, second], [2, 2]);
    expect(cluster.gateway.stats.identifies).toBe(started + 1);
  });

  test('6: nodes write what they have into a Redis that came back empty, and nobody identifies', async () => {
    await underLoad(async () => {
      await cluster.redis.restartEmpty();
      await until('Redis knows the owners', async () => {
        const { nodes = [], unowned = [] } = (await first.status()).cluster ?? {};
        return unowned.length === 0 && nodes.flatMap(({ shards }) => shards).length === 4;
      });
    });
    const third = await cluster.node('third');
    expect((await third.status()).total).toBe(4);
    await third.program.call('disconnect');
  });

  test('6, 10: what a Redis that came back with an older state has lost is published again, and handled once by its id', async () => {
    await underLoad(async () => {
      await command('SAVE');
      await pause(1_000);
      await cluster.redis.kill();
      await cluster.redis.start();
      await pause(LEASE_TTL_MS);
    });
    expect(first.held.size + second.held.size).toBe(4);
  });

  test('24: scripts that were flushed, READONLY and OOM are reported, and nothing is lost', async () => {
    const before = first.faults.length;
    const reported = () =>
      until(
        'the node says so',
        () => first.faults.length > before,
        () => cluster.state,
      );
    await underLoad(async () => {
      await command('SCRIPT', 'FLUSH');
      await pause(300);
      expect(first.faults).toHaveLength(before);
      await command('CONFIG', 'SET', 'maxmemory', '1');
      await reported();
      await command('CONFIG', 'SET', 'maxmemory', '0');
      await pause(LEASE_TTL_MS);
      await command('REPLICAOF', '127.0.0.1', '1');
      await until(
        'the node says so',
        () => first.faults.length > before + 1,
        () => cluster.state,
      );
      await command('REPLICAOF', 'NO', 'ONE');
    });

    const [oom, readonly] = first.faults.slice(before);
    expect(oom).toMatchObject({ code: 'ENGINE_UNAVAILABLE', message: expect.stringContaining('out of memory') });
    expect(readonly).toMatchObject({ code: 'ENGINE_UNAVAILABLE', message: expect.stringContaining('replica') });
  });
});

describe.skipIf(redisServerPath() === null)(
  'nodes as processes, with little room for what waits for Redis',
  { timeout: PATIENCE_MS },
  () => {
    test('5: sockets are paused, then left with the session kept, and nothing is missing afterwards', async () => {
      await using cluster = await ProcessCluster.start({
        shards: 2,
        // A socket that is paused is read again for the answer to a heartbeat, and so the room is used up then.
        gateway: { heartbeatIntervalMs: 1_000 },
        manager: { maxBufferedBytes: 80_000 },
      });
      const node = await cluster.node('node');
      cluster.countIdentifies();
      await cluster.consumer();
      onTestFinished(() => cluster.redis.thaw());
      cluster.redis.freeze();
      const content = 'x'.repeat(500);
      // More than there is room for, and less than makes many RESUMEs.
      for (let count = 0; count < 150; count += 1) cluster.send({ content });
      await until(
        'both shards have left',
        () => cluster.gateway.connections.length === 0,
        () => cluster.state,
      );
      await pause(1_000);
      const away = cluster.gateway.connections.length;
      cluster.redis.thaw();
      await cluster.settled([node], [2]);
      await cluster.delivered();

      expect(away).toBe(0);
      expect(cluster.balance).toEqual(cluster.evenBalance);
      expect(cluster.identifies).toBe(0);
    });
  },
);

describe.skipIf(redisServerPath() === null)(
  'nodes as processes, with listeners of their own',
  { timeout: PATIENCE_MS },
  () => {
    test('5: go on to hand out dispatches while Redis is away', async () => {
      await using cluster = await ProcessCluster.start({ shards: 1, manager: { publish: false } });
      const node = await cluster.node('node');
      cluster.countIdentifies();
      cluster.redis.freeze();
      await pause(OUTAGE_MS);
      cluster.send();
      await until(
        'it is handed out',
        () => node.handled.length === 1,
        () => cluster.state,
      );
      const during = (await node.status()).cluster?.isReachable;
      cluster.redis.thaw();
      await until('Redis is there again', async () => (await node.status()).cluster?.isReachable === true);
      await node.program.call('disconnect');

      expect(during).toBe(false);
      // The session was stored when Redis was back.
      const next = await cluster.node('next');
      await cluster.settled([next], [1]);
      expect({ handled: next.handled, identifies: cluster.identifies }).toEqual({ handled: [], identifies: 0 });
    });
  },
);
