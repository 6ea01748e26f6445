/** Commands from other processes, guilds that move with a shard, and secrets: on real processes, sockets and Redis. */
import { createClient } from 'redis';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import type { ConsumerProcess, NodeProcess } from '../../kit/cluster-processes.ts';
import { PROCESS_TOKEN, ProcessCluster } from '../../kit/process-cluster.ts';
import { redisServerPath } from '../../kit/redis-server.ts';
import { PATIENCE_MS, pause, until } from '../../kit/until.ts';

const PASSWORD = 'a-password-that-nobody-may-see';
const GUILDS = ['100000000000000000', '100000000004194304', '300000000000000000', '300000000004194304'];
const VOICE = (channel: number) => ({
  op: 4,
  d: { guild_id: GUILDS[0], channel_id: String(channel), self_mute: false, self_deaf: false },
});

describe.skipIf(redisServerPath() === null)('processes of one bot', { timeout: PATIENCE_MS }, () => {
  let cluster: ProcessCluster;
  let first: NodeProcess;
  let consumer: ConsumerProcess;

  beforeAll(async () => {
    cluster = await ProcessCluster.start({
      shards: 2,
      gateway: { readyGuilds: GUILDS.map((id) => ({ id })) },
      password: PASSWORD,
      manager: { warmStart: true },
    });
    first = await cluster.node('first');
    consumer = await cluster.consumer({ warmStart: true });
    await cluster.settled([first], [2]);
    cluster.countIdentifies();
  }, PATIENCE_MS);
  afterAll(() => cluster[Symbol.asyncDispose]());

  const channels = (shardId: number): number[] =>
    cluster.gateway.history
      .filter(({ shard }) => shard?.[0] === shardId)
      .flatMap(({ received }) => received.filter(({ op }) => op === 4))
      .map(({ d }) => Number((d as { channel_id: string }).channel_id));

  test('21: commands reach the owner of a shard from any process, in order, also through a hand-over', async () => {
    const second = await cluster.node('second');
    await cluster.settled([first, second], [1, 1]);
    const [shardId] = [...second.held];
    const sends: Promise<unknown>[] = [];
    for (let channel = 1; channel <= 30; channel += 1) {
      sends.push(consumer.program.call('send', { shardId }, VOICE(channel)));
      if (channel === 10) sends.push(second.program.call('disconnect'));
      await pause(20);
    }
    await Promise.all(sends);
    await cluster.settled([first], [2]);

    expect(channels(shardId!)).toEqual(Array.from({ length: 30 }, (_, index) => index + 1));
    expect(cluster.identifies).toBe(0);
  });

  test('21: answers come back to who asked, and of presences the last one wins', async () => {
    const members = await consumer.program.call('requestGuildMembers', { guild_id: GUILDS[0], query: '', limit: 0 });
    await consumer.program.call('updatePresence', { since: null, activities: [], status: 'idle', afk: false });
    const presences = cluster.gateway.connections.map(({ presence }) => presence);

    expect(members).toBe(5);
    expect(presences).toEqual([
      expect.objectContaining({ status: 'idle' }),
      expect.objectContaining({ status: 'idle' }),
    ]);
  });

  test('21: a command that finds no owner in time rejects with NOT_DELIVERED', async () => {
    first.program.freeze();
    const sent = consumer.program.call('send', { shardId: 0 }, VOICE(1), { timeoutMs: 500 });
    await expect(sent).rejects.toMatchObject({ code: 'NOT_DELIVERED' });
    first.program.thaw();
    await pause(500);
    await cluster.settled([first], [2]);
  });

  test('22: a consumer that starts, and a node that gets a shard, have the guilds first', async () => {
    const late = await cluster.consumer({ group: 'late', from: 'end', warmStart: true });
    await until(
      'it has the guilds',
      () => late.structure.filter(({ t }) => t === 'GUILD_CREATE').length === 4,
      () => late,
    );
    const second = await cluster.node('second');
    await cluster.settled([first, second], [1, 1]);
    const [shardId] = [...second.held];
    await until(
      'the node has its guilds',
      () => second.guilds.length > 0,
      () => cluster.state,
    );

    expect(late.structure.every(({ isRestored }) => isRestored)).toBe(true);
    for (const id of [0, 1]) expect(late.structure.find((each) => each.shardId === id)?.t).toBe('READY');
    expect(new Set(second.guilds)).toEqual(
      new Set(GUILDS.filter((guild) => Number((BigInt(guild) >> 22n) % 2n) === shardId)),
    );
    expect(cluster.identifies).toBe(0);
  });

  test('23: the token is in no key and value, and the password in no error, log or status', async () => {
    cluster.send();
    const client = await createClient({ url: cluster.url }).connect();
    const seen: unknown[] = [];
    for await (const keys of client.scanIterator({ COUNT: 1_000 }))
      for (const key of keys) seen.push(key, await contentOf(key));
    async function contentOf(key: string): Promise<unknown> {
      const type = await client.type(key);
      const read: Record<string, readonly string[]> = {
        string: ['GET', key],
        hash: ['HGETALL', key],
        set: ['SMEMBERS', key],
        list: ['LRANGE', key, '0', '-1'],
        zset: ['ZRANGE', key, '0', '-1', 'WITHSCORES'],
        stream: ['XRANGE', key, '-', '+'],
      };
      return client.sendCommand(read[type]!);
    }
    client.destroy();
    await cluster.redis.stop();
    await until('the nodes say so', () => first.faults.some(({ code }) => code === 'ENGINE_UNAVAILABLE'));
    const told = JSON.stringify([
      cluster.state,
      await first.status(),
      cluster.nodes.map(({ faults, program }) => [faults, program.output]),
      cluster.consumers.map(({ faults, program }) => [faults, program.output]),
    ]);

    expect(seen.length).toBeGreaterThan(20);
    expect(JSON.stringify(seen)).toContain(GUILDS[0]);
    expect(JSON.stringify(seen)).not.toContain(PROCESS_TOKEN);
    expect(told).not.toContain(PASSWORD);
    expect(told).not.toContain(PROCESS_TOKEN);
  });
});
