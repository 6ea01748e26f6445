/** Nodes that publish, and a consumer without a socket, on a memory engine, real sockets and a strict gateway. */
import { describe, expect, test } from 'vitest';
import { MemoryLine } from '../../src/cluster/memory/memory-line.ts';
import { DispatchConsumer } from '../../src/index.ts';
import type { DispatchConsumerOptions, GatewayError } from '../../src/index.ts';
import { guildId } from '../kit/guild-events.ts';
import { liveCluster, shardsOf, until } from '../kit/live-cluster.ts';

type Cluster = Awaited<ReturnType<typeof liveCluster>>;

/** A consumer that records the ids of messages, and resolves when it has so many. */
function recording({ server }: Cluster, options: Partial<DispatchConsumerOptions> = {}) {
  const consumer = new DispatchConsumer({ engine: new MemoryLine(server), group: 'bot', ...options });
  const got: string[] = [];
  const faults: GatewayError[] = [];
  const waiting = new Map<number, () => void>();
  consumer.on('fault', (error) => faults.push(error));
  consumer.onDispatch('MESSAGE_CREATE', ({ id }) => {
    got.push(id);
    waiting.get(got.length)?.();
  });
  const count = async (wanted: number): Promise<void> => {
    if (got.length >= wanted) return;
    await new Promise<void>((resolve) => waiting.set(wanted, resolve));
  };
  return { consumer, got, faults, count };
}

describe('a consumer of nodes that publish', () => {
  test('gets every dispatch once, while shards move between nodes', async () => {
    await using cluster = await liveCluster({ manager: { publish: true } });
    const first = cluster.node('first');
    await first.manager.connect();
    const { consumer, got, faults, count } = recording(cluster);
    await using _ = consumer;
    await consumer.start();
    const sent = cluster.sendToAll();
    await count(4);
    const second = cluster.node('second');
    await second.manager.connect();
    await until([first, second], () => shardsOf(second).length === 2);
    sent.push(...cluster.sendToAll());
    await count(8);
    await first.manager.disconnect();
    sent.push(...cluster.sendToAll());
    await count(12);

    expect(got.toSorted()).toEqual(sent.toSorted());
    expect(faults).toEqual([]);
    expect(cluster.gateway.stats.identifies).toBe(4);
    expect((await consumer.status()).deadLetters).toBe(0);
  });

  test('gets every dispatch once when a node is killed', async () => {
    await using cluster = await liveCluster({ manager: { publish: true } });
    const [first, second] = [cluster.node('first'), cluster.node('second')];
    await first.manager.connect();
    await second.manager.connect();
    await until([first, second], () => shardsOf(second).length === 2 && second.manager.status().ready === 2);
    const { consumer, got, faults, count } = recording(cluster);
    await using _ = consumer;
    await consumer.start();
    const sent = cluster.sendToAll();
    await count(4);
    cluster.kill(first);
    sent.push(...cluster.sendToAll(), ...cluster.sendToAll());
    await count(12);

    expect(got.toSorted()).toEqual(sent.toSorted());
    expect(faults).toEqual([]);
    expect(cluster.gateway.stats.identifies).toBe(4);
  });

  test('gets every dispatch once when the engine comes back empty', async () => {
    await using cluster = await liveCluster({ manager: { publish: true } });
    const node = cluster.node('node');
    await node.manager.connect();
    const { consumer, got, count } = recording(cluster);
    await using _ = consumer;
    await consumer.start();
    const sent = cluster.sendToAll();
    await count(4);
    // The consumer may not have read these when the engine loses them.
    sent.push(...cluster.sendToAll());
    await until([node], () => cluster.handled.length === 8);
    cluster.server.empty();
    sent.push(...cluster.sendToAll());
    await count(12);

    expect(got.toSorted()).toEqual(sent.toSorted());
    expect(cluster.gateway.stats.identifies).toBe(4);
    expect(cluster.gateway.stats.resumes).toBe(0);
  });

  test('gets everything once after an outage in which more was sent than a node may hold', async () => {
    await using cluster = await liveCluster({ manager: { publish: true, maxBufferedBytes: 400_000 } });
    const node = cluster.node('node');
    await node.manager.connect();
    const { consumer, got, count } = recording(cluster);
    await using _ = consumer;
    await consumer.start();
    const sent = cluster.sendToAll();
    await count(4);
    node.line.set({ isCut: true });
    for (let index = 0; index < 80; index += 1) {
      sent.push(`large ${index}`);
      const message = { id: `large ${index}`, content: 'x'.repeat(10_000) };
      cluster.gateway.dispatch('MESSAGE_CREATE', message, { shardId: index % 4 });
    }
    await until([node], () => node.faults.some(({ code }) => code === 'BUFFER_FULL'));
    node.line.set();
    await count(84);

    expect(got.toSorted()).toEqual(sent.toSorted());
    expect(new Set(node.faults.map(({ code }) => code))).toEqual(new Set(['ENGINE_UNAVAILABLE', 'BUFFER_FULL']));
    expect(cluster.gateway.stats.identifies).toBe(4);
  });

  test('sends payloads, presences and voice states on the shards of the nodes, and gets members', async () => {
    const guilds = [1, 2, 3, 4].map((n) => ({ id: guildId(n), name: `Guild ${n}` }));
    await using cluster = await liveCluster({
      manager: { publish: true, intents: ['Guilds', 'GuildMembers'] },
      gateway: { readyGuilds: guilds, guildMembers: 1_500 },
    });
    const nodes = [cluster.node('first'), cluster.node('second')];
    for (const { manager } of nodes) await manager.connect();
    await until(nodes, () => nodes.every(({ manager }) => manager.shards.size === 2 && manager.status().ready === 2));
    const { consumer } = recording(cluster);
    await using _ = consumer;
    await consumer.start();
    const presence = { since: null, activities: [], status: 'idle' as never, afk: false };
    await consumer.updatePresence(presence);
    await consumer.updateVoiceState({ guild_id: guildId(1), channel_id: null, self_mute: false, self_deaf: true });
    const members = await consumer.requestGuildMembers({ guild_id: guildId(2), query: '', limit: 0 });

    expect(consumer.total).toBe(4);
    expect(members.guildId).toBe(guildId(2));
    expect(members.members).toHaveLength(1_500);
    const received = cluster.gateway.connections.flatMap((connection) =>
      connection.received.map(({ op }) => `${connection.shard?.[0]} ${op}`),
    );
    expect(received.filter((each) => each.endsWith(' 3')).toSorted()).toEqual(['0 3', '1 3', '2 3', '3 3']);
    expect(received.filter((each) => each.endsWith(' 4'))).toHaveLength(1);
    await expect(consumer.send({ shardId: 4 }, { op: 3, d: presence })).rejects.toMatchObject({
      code: 'INVALID_OPTIONS',
    });
  });

  test('calls before start() reject with NOT_CONNECTED, and wrong options throw INVALID_OPTIONS', async () => {
    await using cluster = await liveCluster();
    const consumer = new DispatchConsumer({ engine: new MemoryLine(cluster.server), group: 'bot' });

    await expect(consumer.status()).rejects.toMatchObject({ code: 'NOT_CONNECTED' });
    await expect(consumer.send({ shardId: 0 }, { op: 31, d: { guild_ids: ['1'] } })).rejects.toMatchObject({
      code: 'NOT_CONNECTED',
    });
    await expect(consumer.deadLetters().next()).rejects.toMatchObject({ code: 'NOT_CONNECTED' });
    for (const wrong of [
      { group: 'a b' },
      { concurrency: 0 },
      { from: 'middle' },
      { engine: {} },
      { claimAfterMs: '1' },
    ])
      expect(
        () => new DispatchConsumer({ engine: new MemoryLine(cluster.server), group: 'bot', ...wrong } as never),
      ).toThrow(expect.objectContaining({ code: 'INVALID_OPTIONS' }));
    await consumer.stop();
  });
});
