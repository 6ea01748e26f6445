/** The unchanged Client of @discordjs/core with a manager as its gateway: events, requests, and calls over REST. */
import { API, Client, GatewayDispatchEvents, PresenceUpdateStatus } from '@discordjs/core';
import type { Gateway } from '@discordjs/core';
import { REST } from '@discordjs/rest';
import { describe, expect, test } from 'vitest';
import { toDiscordJsGateway } from '../../src/discordjs/index.ts';
import type { ManagerEvents, ManagerOptions } from '../../src/index.ts';
import type { FakeGatewayOptions, FakeRestRequest } from '../../src/testing/index.ts';
import { guildId } from '../kit/guild-events.ts';
import { RULES_BROKEN_BY_HAND_OVER, nextEvent, liveManager } from '../kit/live-manager.ts';
import { TOKEN } from '../kit/virtual-shard.ts';

type RestCall = Pick<FakeRestRequest, 'method' | 'path' | 'body'>;

/** Returns a client whose manager is not connected yet, and records its REST calls. */
async function liveClient(
  options: Partial<ManagerOptions> = {},
  gatewayOptions: FakeGatewayOptions = {},
  setup: Parameters<typeof liveManager>[2] = {},
) {
  const restCalls: RestCall[] = [];
  const kit = await liveManager(
    { intents: ['Guilds', 'GuildMessages', 'MessageContent', 'GuildVoiceStates'], ...options },
    {
      rest: ({ method, path, body }) => {
        restCalls.push({ method, path, body });
        return { body: { id: '1', channel_id: '20', content: 'pong' } };
      },
      ...gatewayOptions,
    },
    setup,
  );
  const rest = new REST({ api: kit.gateway.apiUrl.replace('/v10', ''), version: '10', retries: 0 }).setToken(TOKEN);
  // Without a cast: the compiler checks that the adapter fits.
  const gateway: Gateway = toDiscordJsGateway(kit.manager);
  const faults: ManagerEvents['fault'][] = [];
  kit.manager.on('fault', (...args) => faults.push(args));
  return { ...kit, client: new Client({ rest, gateway }), restCalls, faults };
}

describe('Client of @discordjs/core with a manager', () => {
  test('calls the handler of a message with the id of its shard, and the handler can answer over REST', async () => {
    await using kit = await liveClient({ shards: 2 });
    const { client, manager, gateway, restCalls } = kit;
    const handled = new Promise((resolve, reject) => {
      client.on(GatewayDispatchEvents.MessageCreate, ({ data, api, shardId }) => {
        expect(api).toBeInstanceOf(API);
        api.channels.createMessage(data.channel_id, { content: `pong from ${shardId}` }).then(resolve, reject);
      });
    });
    await manager.connect();

    gateway.dispatch(
      'MESSAGE_CREATE',
      { id: '9', channel_id: '20', content: '!ping', author: { id: '30' } },
      { shardId: 1 },
    );

    expect(await handled).toEqual({ id: '1', channel_id: '20', content: 'pong' });
    expect(restCalls).toEqual([{ method: 'POST', path: '/channels/20/messages', body: { content: 'pong from 1' } }]);
  });

  test('answers an interaction with the token of that interaction', async () => {
    await using kit = await liveClient();
    const { client, manager, gateway, restCalls } = kit;
    const answered = new Promise<void>((resolve, reject) => {
      client.on(GatewayDispatchEvents.InteractionCreate, ({ data, api }) => {
        api.interactions.reply(data.id, data.token, { content: 'pong' }).then(() => resolve(), reject);
      });
    });
    await manager.connect();
    gateway.dispatch('INTERACTION_CREATE', {
      id: '40',
      application_id: '41',
      type: 2,
      token: 'of-the-interaction',
      data: { name: 'ping' },
    });
    await answered;

    expect(restCalls).toEqual([
      {
        method: 'POST',
        path: '/interactions/40/of-the-interaction/callback',
        body: { type: 4, data: { content: 'pong' } },
      },
    ]);
  });

  test('receives every dispatch once and in order, over a lost connection and a resharding', async () => {
    await using kit = await liveClient({ shards: 2 }, {}, { broken: RULES_BROKEN_BY_HAND_OVER });
    const { client, manager, gateway } = kit;
    const received: string[] = [];
    const arrivals = new Map<string, () => void>();
    client.on(GatewayDispatchEvents.MessageCreate, ({ data: { content } }) => {
      received.push(content);
      arrivals.get(content)?.();
    });
    const sendMessage = (content: string): Promise<void> => {
      const arrived = new Promise<void>((resolve) => arrivals.set(content, resolve));
      gateway.dispatch('MESSAGE_CREATE', { id: content, guild_id: guildId(1), content }, { guildId: guildId(1) });
      return arrived;
    };
    await manager.connect();
    await sendMessage('1');
    for (const connection of gateway.connections) connection.terminate();
    await sendMessage('2');
    while (manager.status().ready < 2) await nextEvent(manager, 'stateChange', ({ to }) => to === 'ready');
    await manager.reshard(3);
    await sendMessage('3');

    expect(received).toEqual(['1', '2', '3']);
    expect(await client.gateway.getShardCount()).toBe(3);
  });

  test('updatePresence() sends on the shard that it names', async () => {
    await using kit = await liveClient({ shards: 2 });
    const { client, manager, gateway } = kit;
    await manager.connect();
    const presence = { since: null, activities: [], status: PresenceUpdateStatus.Idle, afk: false };

    await client.updatePresence(1, presence);
    const connection = await gateway.waitForConnection(({ presence: set }) => set !== null && set !== undefined);

    expect(connection.shard).toEqual([1, 2]);
    expect(connection.presence).toEqual(presence);
  });

  test('requestGuildMembers() resolves with all chunks, requested on the shard of the guild', async () => {
    await using kit = await liveClient({ shards: 4 }, { guildMembers: 25, membersChunkSize: 10 });
    const { client, manager, gateway } = kit;
    await manager.connect();
    const [one, other] = await Promise.all([
      client.requestGuildMembers({ guild_id: guildId(3), query: '', limit: 0 }),
      client.requestGuildMembers({ guild_id: guildId(2), user_ids: ['5'] }),
    ]);

    expect(one.members.length).toBe(25);
    expect(new Set(one.members.map(({ user }) => user.id)).size).toBe(25);
    expect(other.members).toEqual([]);
    expect(other.notFound).toEqual(['5']);
    const requestedBy = gateway.connections
      .filter(({ received }) => received.some(({ op }) => op === 8))
      .map(({ shard }) => shard?.[0]);
    expect(requestedBy).toEqual([2, 3]);
  });

  test('receives only the dispatches of the option events, which requests need too', async () => {
    await using kit = await liveClient({ events: ['GUILD_MEMBERS_CHUNK', 'CHANNEL_UPDATE'] }, { guildMembers: 3 });
    const { client, manager, gateway } = kit;
    const receivedTypes: string[] = [];
    client.gateway.on('dispatch' as Parameters<Gateway['on']>[0], ({ t }) => void receivedTypes.push(t));
    await manager.connect();
    const { members } = await client.requestGuildMembers({ guild_id: guildId(3), query: '', limit: 0 });
    const updated = new Promise((resolve) => client.on(GatewayDispatchEvents.ChannelUpdate, resolve));
    gateway.dispatch('MESSAGE_CREATE', { id: '1', content: 'unheard' });
    gateway.dispatch('CHANNEL_UPDATE', { id: '1' });
    await updated;

    expect(members.length).toBe(3);
    expect(receivedTypes).toEqual(['GUILD_MEMBERS_CHUNK', 'CHANNEL_UPDATE']);
  });

  test('requestGuildMembers() rejects when Discord answers with RATE_LIMITED', async () => {
    await using kit = await liveClient();
    const { client, manager } = kit;
    await manager.connect();
    const request = { guild_id: guildId(3), query: '', limit: 0 } as const;
    await client.requestGuildMembers(request);

    await expect(client.requestGuildMembers(request)).rejects.toMatchObject({ name: 'GatewayRateLimitError' });
  });

  test('updateVoiceState() is followed by the voice state of the bot', async () => {
    await using kit = await liveClient({ shards: 2 });
    const { client, manager } = kit;
    await manager.connect();
    const moved = new Promise((resolve) => {
      client.on(GatewayDispatchEvents.VoiceStateUpdate, ({ data: { guild_id: of, channel_id: to }, shardId }) =>
        resolve([of, to, shardId]),
      );
    });

    await client.updateVoiceState({ guild_id: guildId(5), channel_id: '50', self_mute: false, self_deaf: true });

    expect(await moved).toEqual([guildId(5), '50', 1]);
  });

  test('requestSoundboardSounds() resolves with the sounds of guilds of different shards', async () => {
    await using kit = await liveClient({ shards: 2 });
    const { client, manager } = kit;
    await manager.connect();
    const guilds = [guildId(4), guildId(5)];

    const sounds = await client.requestSoundboardSounds({ guild_ids: guilds });

    expect(guilds.map((guild) => sounds.get(guild)?.length)).toEqual([1, 1]);
    expect(sounds.size).toBe(2);
  });

  test('requestSoundboardSounds() does not miss an answer that arrives before the last request is sent', async () => {
    await using kit = await liveClient({ shards: 2 });
    const { client, manager, gateway } = kit;
    await manager.connect();
    gateway.holdResumed();
    const lost = nextEvent(manager, 'stateChange', ({ to }, shardId) => to === 'resuming' && shardId === 1);
    gateway.connections[1]!.terminate();
    await lost;
    const answered = nextEvent(manager, 'dispatch', ({ t }, shardId) => t === 'SOUNDBOARD_SOUNDS' && shardId === 0);

    const requesting = client.requestSoundboardSounds({ guild_ids: [guildId(4), guildId(5)] });
    await answered;
    gateway.releaseResumed();

    expect([...(await requesting).keys()]).toEqual([guildId(4), guildId(5)]);
  });

  test('rejects before connect(), for an unknown shard, and for a payload that a bot may not send', async () => {
    await using kit = await liveClient();
    const { client, manager } = kit;
    const presence = { since: null, activities: [], status: PresenceUpdateStatus.Online, afk: false };
    await expect(client.gateway.getShardCount()).rejects.toMatchObject({ code: 'NOT_CONNECTED' });
    await expect(client.updatePresence(0, presence)).rejects.toMatchObject({ code: 'NOT_CONNECTED' });
    await expect(
      client.updateVoiceState({ guild_id: guildId(1), channel_id: null, self_deaf: false, self_mute: false }),
    ).rejects.toMatchObject({
      code: 'NOT_CONNECTED',
    });

    await manager.connect();
    await expect(client.updatePresence(7, presence)).rejects.toMatchObject({ code: 'INVALID_OPTIONS' });
    await expect(client.gateway.send(0, { op: 1, d: null })).rejects.toMatchObject({ code: 'OPCODE_NOT_ALLOWED' });
    await expect(
      client.requestGuildMembers({ guild_id: guildId(1), user_ids: ['5'], nonce: 'n'.repeat(5_000) }),
    ).rejects.toMatchObject({
      code: 'PAYLOAD_TOO_LARGE',
    });
  });

  test('reports a handler that throws or rejects, and handles the next event', async () => {
    await using kit = await liveClient();
    const { client, manager, gateway, faults } = kit;
    const [thrown, rejected] = [new Error('a bug of the bot'), new Error('another')];
    const reported = new Promise((resolve) => client.once('error', resolve));
    client.on(GatewayDispatchEvents.TypingStart, () => {
      throw thrown;
    });
    const rejecting: () => unknown = () => Promise.reject(rejected);
    client.on(GatewayDispatchEvents.ChannelUpdate, rejecting);
    const handled = new Promise<string>((resolve) => {
      client.on(GatewayDispatchEvents.MessageCreate, ({ data: { content } }) => resolve(content));
    });
    await manager.connect();
    gateway.dispatch('TYPING_START', { channel_id: '1' });
    gateway.dispatch('CHANNEL_UPDATE', { id: '1' });
    gateway.dispatch('MESSAGE_CREATE', { id: '2', content: 'good' });

    expect(await handled).toBe('good');
    expect(faults.map(([{ code, cause }]) => [code, cause])).toEqual([['LISTENER_THREW', thrown]]);
    expect(await reported).toBe(rejected);
  });
});
