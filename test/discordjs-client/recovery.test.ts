/** The unmodified clients from npm on a manager, while connections break: every message once, in order. */
import { Events, Status } from 'discord.js';
import { describe, expect, test } from 'vitest';
import type { IdentifyPermit, IdentifyRequest } from '../../src/index.ts';
import { quickGate } from '../kit/live-manager.ts';
import { GUILD, messageData } from '../kit/bot-world.ts';
import { CLIENTS, liveClient, nextClientEvent, nextMessage } from './live-client.ts';

const ids = (from: number, count: number): number[] => Array.from({ length: count }, (_, index) => from + index);

/** Returns a client that is logged in, and the ids of the messages that it has emitted. */
async function runningClient(setup: Parameters<typeof liveClient>[0]) {
  const kit = await liveClient(setup);
  const { client, gateway } = kit;
  const received: string[] = [];
  client.on(Events.MessageCreate, ({ id }) => received.push(id));
  const dispatch = (messageIds: readonly number[]): void => {
    for (const id of messageIds) gateway.dispatch('MESSAGE_CREATE', messageData(id), { guildId: GUILD });
  };
  await kit.login();
  return Object.assign(kit, { received, dispatch });
}

describe.each(Object.entries(CLIENTS))('%s on shardwright', (_name, create) => {
  test('emits 51 of 51 messages, once and in order, when its connection is killed', async () => {
    await using kit = await runningClient({ create });
    const { client, gateway, received, dispatch } = kit;
    const reconnecting = nextClientEvent(client, Events.ShardReconnecting);
    const resumed = nextClientEvent(client, Events.ShardResume);
    const last = nextMessage(client, 151);
    dispatch(ids(101, 25));
    gateway.connections[0]!.terminate();
    dispatch(ids(126, 26));
    await last;

    expect(received).toEqual(ids(101, 51).map(String));
    expect(await reconnecting).toEqual([0]);
    expect((await resumed)[0]).toBe(0);
    expect(client.ws.shards.get(0)?.status).toBe(Status.Ready);
    expect(gateway.stats).toMatchObject({ identifies: 1, resumes: 1 });
  });

  test('is ready although a shard reconnects while another starts', async () => {
    const { promise: turnOfOther, resolve: letOtherIdentify } = Promise.withResolvers<void>();
    const gate = quickGate();
    const acquire = async (request: IdentifyRequest): Promise<IdentifyPermit> => {
      if (request.shardId === 1) await turnOfOther;
      return gate.acquire(request);
    };
    await using kit = await liveClient({
      create,
      client: { shardCount: 2 },
      gateway: { shards: 2 },
      strategy: { identifyGate: { acquire } },
    });
    const { client, gateway } = kit;
    const firstReady = nextClientEvent(client, Events.ShardReady);
    const ready = kit.login();
    await firstReady;
    gateway.holdResumed();
    gateway.connections.find(({ shard }) => shard?.[0] === 0)!.terminate();
    gateway.dispatch('TYPING_START', { channel_id: '10' }, { shardId: 0 });
    await gateway.waitForConnection(({ received }) => received.some(({ op }) => op === 6));
    const resumed = nextClientEvent(client, Events.ShardResume);
    const otherReady = nextClientEvent(client, Events.ShardReady);
    letOtherIdentify();
    await otherReady;
    gateway.releaseResumed();
    await ready;

    expect(await resumed).toEqual([0, 2]);
    expect(client.ws.shards.map(({ status }) => status)).toEqual([Status.Ready, Status.Ready]);
  });

  test('shardResume says how many dispatches were replayed', async () => {
    await using kit = await runningClient({ create });
    const { client, gateway, dispatch } = kit;
    await kit.sendMessage(101);
    gateway.connections[0]!.terminate();
    dispatch(ids(102, 5));
    const [, replayed] = await nextClientEvent(client, Events.ShardResume);

    // As with @discordjs/ws, RESUMED itself counts.
    expect(replayed).toBe(6);
  });

  test('emits every message once when the gateway no longer acknowledges heartbeats', async () => {
    await using kit = await runningClient({ create, gateway: { heartbeatIntervalMs: 200 } });
    const { client, gateway, received, dispatch } = kit;
    const [zombie] = gateway.connections;
    zombie!.holdAcks();
    const resumed = nextClientEvent(client, Events.ShardResume);
    dispatch(ids(101, 3));
    await resumed;
    await kit.sendMessage(104);

    expect(received).toEqual(ids(101, 4).map(String));
    expect(gateway.stats).toMatchObject({ identifies: 1, resumes: 1 });
  });

  test('emits every message once when the gateway asks to reconnect', async () => {
    await using kit = await runningClient({ create });
    const { client, gateway, received, dispatch } = kit;
    const resumed = nextClientEvent(client, Events.ShardResume);
    dispatch(ids(101, 3));
    gateway.connections[0]!.requestReconnect();
    dispatch(ids(104, 3));
    await resumed;

    expect(received).toEqual(ids(101, 6).map(String));
    expect(gateway.stats).toMatchObject({ identifies: 1, resumes: 1 });
  });

  test('emits every message once after an outage, and a shardError for what failed meanwhile', async () => {
    await using kit = await runningClient({ create });
    const { client, gateway, received, dispatch } = kit;
    const failed = nextClientEvent(client, Events.ShardError);
    const resumed = nextClientEvent(client, Events.ShardResume);
    gateway.refuse();
    gateway.connections[0]!.terminate();
    dispatch(ids(101, 3));
    expect(await failed).toMatchObject([{ code: 'CONNECTION_FAILED' }, 0]);
    expect(client.ws.shards.get(0)?.status).toBe(Status.Connecting);
    gateway.accept();
    await resumed;

    expect(received).toEqual(ids(101, 3).map(String));
    expect(gateway.stats).toMatchObject({ identifies: 1, resumes: 1 });
  });

  test('resumes when the gateway invalidates the session but lets it be resumed', async () => {
    await using kit = await runningClient({ create });
    const { client, gateway, received } = kit;
    const resumed = nextClientEvent(client, Events.ShardResume);
    gateway.connections[0]!.invalidateSession(true);
    await resumed;
    await kit.sendMessage(101);

    expect(received).toEqual(['101']);
    expect(gateway.stats).toMatchObject({ identifies: 1, resumes: 1 });
  });

  test('resumes after a dispatch that is not JSON, which discord.js was the first to read', async () => {
    await using kit = await runningClient({ create });
    const { client, gateway, received } = kit;
    const failed = nextClientEvent(client, Events.ShardError);
    const resumed = nextClientEvent(client, Events.ShardResume);
    const [connection] = gateway.connections;
    const sequence = kit.strategy.manager.shards.get(0)!.session!.sequence + 1;
    connection!.sendRaw(`{"t":"TYPING_START","s":${sequence},"op":0,"d":{"channel_id":oops}}`);
    expect(await failed).toMatchObject([{ code: 'DECODE_FAILED' }, 0]);
    await resumed;
    await kit.sendMessage(101);

    expect(received).toEqual(['101']);
    expect(gateway.stats).toMatchObject({ identifies: 1, resumes: 1 });
  });

  test('starts a new session when the gateway invalidates it, and is ready again', async () => {
    await using kit = await runningClient({ create, strategy: { identifyGate: quickGate() } });
    const { client, gateway, received } = kit;
    const ready = nextClientEvent(client, Events.ShardReady);
    gateway.connections[0]!.invalidateSession(false);
    expect((await ready)[0]).toBe(0);
    await kit.sendMessage(101);

    expect(received).toEqual(['101']);
    expect(client.guilds.cache.size).toBe(2);
    expect(client.ws.shards.get(0)?.status).toBe(Status.Ready);
    expect(gateway.stats).toMatchObject({ identifies: 2, resumes: 0 });
  });

  test('emits every message of two shards in worker threads, whose connections are killed', async () => {
    await using kit = await runningClient({
      create,
      client: { shardCount: 2 },
      gateway: { shards: 2 },
      strategy: { workers: 2 },
    });
    const { client, gateway, received, dispatch } = kit;
    const last = nextMessage(client, 151);
    dispatch(ids(101, 25));
    for (const connection of gateway.connections) connection.terminate();
    dispatch(ids(126, 26));
    await last;

    expect(received).toEqual(ids(101, 51).map(String));
    // The messages are of one of the shards; the other may resume later.
    await expect.poll(() => gateway.stats).toMatchObject({ identifies: 2, resumes: 2 });
  });
});
