/** The unchanged Client of @discordjs/core on a process without a socket: its gateway is a consumer. */
import { Client, GatewayDispatchEvents, PresenceUpdateStatus } from '@discordjs/core';
import type { Gateway } from '@discordjs/core';
import { REST } from '@discordjs/rest';
import { describe, expect, test } from 'vitest';
import { MemoryLine } from '../../src/cluster/memory/memory-line.ts';
import { toDiscordJsGateway } from '../../src/discordjs/index.ts';
import { DispatchConsumer } from '../../src/index.ts';
import { guildId } from '../kit/guild-events.ts';
import { liveCluster } from '../kit/live-cluster.ts';
import { TOKEN } from '../kit/virtual-shard.ts';

async function clientOfConsumer() {
  const cluster = await liveCluster({
    manager: { publish: true, intents: ['Guilds', 'GuildMessages', 'GuildMembers'] },
    gateway: { readyGuilds: [{ id: guildId(1), name: 'Guild 1' }], guildMembers: 1_500 },
  });
  const node = cluster.node('node');
  await node.manager.connect();
  const consumer = new DispatchConsumer({ engine: new MemoryLine(cluster.server), group: 'bot' });
  const rest = new REST({ api: cluster.gateway.apiUrl.replace('/v10', ''), version: '10', retries: 0 }).setToken(TOKEN);
  // Without a cast: the compiler checks that the adapter fits.
  const gateway: Gateway = toDiscordJsGateway(consumer);
  return {
    cluster,
    consumer,
    client: new Client({ rest, gateway }),
    async [Symbol.asyncDispose]() {
      await consumer.stop();
      await cluster[Symbol.asyncDispose]();
    },
  };
}

describe('Client of @discordjs/core with a consumer', () => {
  test('receives what the nodes publish, with the id of the shard', async () => {
    await using kit = await clientOfConsumer();
    const { promise: received, resolve } = Promise.withResolvers<unknown>();
    kit.client.on(GatewayDispatchEvents.MessageCreate, ({ data, shardId }) =>
      resolve({ content: data.content, shardId }),
    );
    await kit.consumer.start();
    kit.cluster.gateway.dispatch('MESSAGE_CREATE', { id: '9', content: '!ping' }, { shardId: 2 });

    expect(await received).toEqual({ content: '!ping', shardId: 2 });
    expect(await kit.client.gateway.getShardCount()).toBe(4);
  });

  test('sends on the shards of the nodes, and gets the members that it requests', async () => {
    await using kit = await clientOfConsumer();
    await expect(kit.client.gateway.getShardCount()).rejects.toMatchObject({ code: 'NOT_CONNECTED' });
    kit.client.on(GatewayDispatchEvents.GuildMembersChunk, () => undefined);
    await kit.consumer.start();
    await kit.client.updatePresence(1, { since: null, activities: [], status: PresenceUpdateStatus.Idle, afk: false });
    const { members } = await kit.client.requestGuildMembers({ guild_id: guildId(1), query: '', limit: 0 });

    expect(members).toHaveLength(1_500);
    const presences = kit.cluster.gateway.connections.flatMap(({ received, shard }) =>
      received.filter(({ op }) => op === 3).map(() => shard?.[0]),
    );
    expect(presences).toEqual([1]);
  });

  test('refuses what is neither a manager nor a consumer', () => {
    expect(() => toDiscordJsGateway({} as never)).toThrow(
      'toDiscordJsGateway() must be called with a ShardManager or a DispatchConsumer',
    );
  });
});
