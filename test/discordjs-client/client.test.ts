/** The unmodified clients from npm on a manager: what a bot does while its connection lives. */
import { ActivityType, Events, GatewayIntentBits, Status } from 'discord.js';
import type { ClientOptions } from 'discord.js';
import { describe, expect, test } from 'vitest';
import { guildId } from '../kit/guild-events.ts';
import { quickGate } from '../kit/live-manager.ts';
import { TOKEN } from '../kit/virtual-shard.ts';
import { CHANNEL, GUILD } from '../kit/bot-world.ts';
import { CLIENTS, liveClient, nextClientEvent } from './live-client.ts';

describe.each(Object.entries(CLIENTS))('%s on shardwright', (_name, create) => {
  test('login() resolves with the token, and the client becomes ready with its guilds and channels', async () => {
    await using kit = await liveClient({ create });
    const { client } = kit;
    const ready = nextClientEvent(client, Events.ClientReady);

    expect(await client.login(TOKEN)).toBe(TOKEN);
    expect(await ready).toEqual([client]);
    expect(client.isReady()).toBe(true);
    expect(client.user?.username).toBe('fake-bot');
    expect(client.application?.id).toMatch(/^\d+$/);
    expect([...client.guilds.cache.keys()]).toEqual([guildId(0), GUILD]);
    expect(client.channels.cache.get(CHANNEL)?.toString()).toBe(`<#${CHANNEL}>`);
    expect(client.ws.shards.map(({ id, status }) => [id, status])).toEqual([[0, Status.Ready]]);
  });

  test('a message arrives, and the bot answers over REST', async () => {
    await using kit = await liveClient({ create });
    await kit.login();
    const message = await kit.sendMessage(100);
    const answer = await message.reply('pong');

    expect(message.guild?.id).toBe(GUILD);
    expect(answer.content).toBe('pong');
    expect(kit.restCalls).toMatchObject([
      { method: 'POST', path: `/channels/${CHANNEL}/messages`, body: { content: 'pong' } },
    ]);
  });

  test('guild.members.fetch() resolves with the members of all chunks', async () => {
    await using kit = await liveClient({ create, gateway: { guildMembers: 1_500 } });
    await kit.login();
    const members = await kit.client.guilds.cache.get(GUILD)!.members.fetch();

    expect(members.size).toBe(1_500);
  });

  test('identifies with the presence of the client, and sends another when it is set', async () => {
    await using kit = await liveClient({
      create,
      client: { presence: { status: 'idle', activities: [{ name: 'chess', type: ActivityType.Playing }] } },
    });
    const { client, gateway } = kit;
    await kit.login();
    const [connection] = gateway.connections;
    expect(connection?.presence).toMatchObject({ status: 'idle', activities: [{ name: 'chess', type: 0 }] });
    client.user!.setPresence({ status: 'dnd', activities: [] });
    await connection!.waitFor(3);

    expect(connection?.presence).toMatchObject({ status: 'dnd', activities: [] });
  });

  test('client.ws.ping is the round trip of a heartbeat', async () => {
    await using kit = await liveClient({ create, gateway: { heartbeatIntervalMs: 60_000 } });
    const { client } = kit;
    await kit.login();
    expect(client.ws.ping).toBe(-1);
    const shard = kit.strategy.manager.shards.get(0)!;
    await shard.heartbeat();

    expect(client.ws.ping).toBe(shard.ping);
    expect(client.ws.shards.get(0)?.lastPingTimestamp).toBeGreaterThan(0);
  });

  test('destroy() ends the session with 1000', async () => {
    await using kit = await liveClient({ create });
    const { client, gateway } = kit;
    await kit.login();
    const [first] = gateway.connections;
    await client.destroy();

    expect(first?.closedWith).toEqual({ code: 1000, reason: 'Manager was destroyed' });
    expect(kit.strategy.manager.state).toBe('stopped');
    expect(kit.strategy.manager.shards.get(0)?.session).toBe(null);
    expect(client.isReady()).toBe(false);
  });

  test.each<[string, Pick<ClientOptions, 'shards' | 'shardCount'>, number[]]>([
    ['as many shards as Discord recommends', { shards: 'auto' }, [0, 1]],
    ['as many shards as the client names', { shardCount: 2 }, [0, 1]],
    ['some of the shards', { shards: [1], shardCount: 2 }, [1]],
  ])('runs %s', async (_title, options, ids) => {
    await using kit = await liveClient({ create, client: options, gateway: { shards: 2 } });
    const { client, gateway } = kit;
    await kit.login();
    const message = await kit.sendMessage(102);

    expect(message.guild?.shardId).toBe(1);
    expect(client.options.shardCount).toBe(2);
    expect([...client.ws.shards.keys()]).toEqual(ids);
    expect([...client.guilds.cache.keys()].toSorted()).toEqual(ids.map(guildId));
    expect(gateway.stats.identifies).toBe(ids.length);
  });

  test('runs the shards in worker threads', async () => {
    await using kit = await liveClient({
      create,
      client: { shardCount: 2 },
      gateway: { shards: 2 },
      strategy: { workers: 2 },
    });
    const { client } = kit;
    await kit.login();
    const message = await kit.sendMessage(103);
    const members = await client.guilds.cache.get(guildId(0))!.members.fetch();

    expect(message.guild?.shardId).toBe(1);
    expect(members.size).toBe(5);
    expect([...kit.strategy.manager.shards.values()].map(({ state }) => state)).toEqual(['ready', 'ready']);
  });

  test('login() rejects with TokenInvalid for a token that Discord does not know', async () => {
    await using kit = await liveClient({ create, gateway: { token: 'another' } });

    await expect(kit.client.login(TOKEN)).rejects.toMatchObject({ code: 'TokenInvalid' });
    expect(kit.gateway.connections).toEqual([]);
  });

  test('login() rejects with DISALLOWED_INTENTS, and the client emits shardDisconnect and shardError', async () => {
    await using kit = await liveClient({ create, gateway: { disallowedIntents: GatewayIntentBits.MessageContent } });
    const { client } = kit;
    const disconnected = nextClientEvent(client, Events.ShardDisconnect);
    const failed = nextClientEvent(client, Events.ShardError);

    await expect(client.login(TOKEN)).rejects.toMatchObject({ code: 'DISALLOWED_INTENTS' });
    expect(await disconnected).toMatchObject([{ code: 4014 }, 0]);
    expect(await failed).toMatchObject([{ code: 'DISALLOWED_INTENTS' }, 0]);
    expect(client.isReady()).toBe(false);
  });

  test('destroy() in a listener of shardDisconnect does not hide why a shard has failed', async () => {
    await using kit = await liveClient({ create, gateway: { disallowedIntents: GatewayIntentBits.MessageContent } });
    const { client } = kit;
    client.on(Events.ShardDisconnect, () => void client.destroy());
    const failed = nextClientEvent(client, Events.ShardError);

    await expect(client.login(TOKEN)).rejects.toMatchObject({ code: 'DISALLOWED_INTENTS' });
    expect(await failed).toMatchObject([{ code: 'DISALLOWED_INTENTS' }, 0]);
  });

  test('debug says what the shards do, and never the token', async () => {
    await using kit = await liveClient({ create });
    const { client } = kit;
    const lines: string[] = [];
    client.on(Events.Debug, (line) => lines.push(line));
    await kit.login();
    await client.destroy();

    expect(lines).toEqual(
      expect.arrayContaining([
        '[WS => Shard 0] identifying → ready',
        '[WS => Manager] 1 of 1 shards are ready; the rest takes about 0 ms',
        '[WS => Shard 0] Closed by the shard with 1000 Manager was destroyed',
      ]),
    );
    expect(lines.filter((line) => line.includes(TOKEN))).toEqual([]);
  });

  test('login() rejects with STOPPED when destroy() comes first', async () => {
    await using kit = await liveClient({ create });
    const { client, gateway } = kit;
    gateway.holdReady();
    const loggedIn = client.login(TOKEN).catch((error: unknown) => error);
    await (await gateway.waitForConnection()).waitFor(2);
    await client.destroy();

    expect(await loggedIn).toMatchObject({ code: 'STOPPED' });
  });
});

test('the Client of discord.js can log in again after destroy(), and starts a new session', async () => {
  await using kit = await liveClient({ strategy: { identifyGate: quickGate() } });
  const { client, gateway } = kit;
  await kit.login();
  await client.destroy();
  await client.login(TOKEN);
  await kit.sendMessage(101);

  expect(gateway.stats).toMatchObject({ identifies: 2, resumes: 0 });
});
