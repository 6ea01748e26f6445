/** A Client in a process that resumes what another began: it must be ready as after an IDENTIFY. */
import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { Client, Events, Status } from 'discord.js';
import { afterEach, beforeEach, describe, expect, test } from 'vitest';
import { FileSessionStore } from '../../src/index.ts';
import { shardingStrategy } from '../../src/discordjs/index.ts';
import { FakeGateway } from '../../src/testing/index.ts';
import type { FakeGatewayOptions } from '../../src/testing/index.ts';
import { guildId } from '../kit/guild-events.ts';
import { TOKEN } from '../kit/virtual-shard.ts';
import { CHANNEL, GUILD, messageData } from '../kit/bot-world.ts';
import { CLIENTS, liveClient, nextClientEvent, nextMessage } from './live-client.ts';
import type { CreateClient } from './live-client.ts';

let directory: string;

beforeEach(async () => {
  directory = await mkdtemp(join(tmpdir(), 'shardwright-warm-'));
});

afterEach(async () => {
  await rm(directory, { recursive: true, force: true });
});

/** Returns a kit whose client of two shards has run, and has left its sessions in the directory. */
async function stoppedClient(create: CreateClient, gateway: FakeGatewayOptions = {}) {
  const kit = await liveClient({
    create,
    client: { shardCount: 2 },
    gateway: { shards: 2, ...gateway },
    strategy: { sessionStore: new FileSessionStore(directory) },
  });
  await kit.login();
  await kit.client.destroy();
  return kit;
}

/** A store that returns the guilds of one shard only when it may. */
class HeldStore extends FileSessionStore {
  readonly #held: Promise<unknown>;

  constructor(held: Promise<unknown>) {
    super(directory);
    this.#held = held;
  }

  override async loadSnapshot(shardId: number): Promise<Uint8Array | null> {
    if (shardId === 1) await this.#held;
    return super.loadSnapshot(shardId);
  }
}

describe.each(Object.entries(CLIENTS))('%s that resumes the sessions of another process', (_name, create) => {
  test.each([0, 2])(
    'is ready with its user, guilds and channels, and emits what happened meanwhile, with %i workers',
    async (workers) => {
      await using kit = await stoppedClient(create);
      const { gateway } = kit;
      expect(gateway.history.map(({ closedWith }) => closedWith?.code)).toEqual([4000, 4000]);
      gateway.dispatch('MESSAGE_CREATE', messageData(101), { guildId: GUILD });
      await using next = kit.another({ sessionStore: new FileSessionStore(directory), workers });
      const { client } = next;
      const emitted: string[] = [];
      client.once(Events.ClientReady, () => emitted.push('ready'));
      client.on(Events.MessageCreate, ({ id }) => emitted.push(id));
      client.on(Events.ShardResume, (id, replayed) => emitted.push(`resume ${id} ${replayed}`));
      const arrived = nextMessage(client, 101);
      await next.login();
      await arrived;
      await next.sendMessage(102);

      expect(client.user?.username).toBe('fake-bot');
      expect(Object.fromEntries(client.guilds.cache.map(({ id, shardId }) => [id, shardId]))).toEqual({
        [guildId(0)]: 0,
        [GUILD]: 1,
      });
      expect(client.channels.cache.get(CHANNEL)?.toString()).toBe(`<#${CHANNEL}>`);
      expect(client.ws.shards.map(({ status }) => status)).toEqual([Status.Ready, Status.Ready]);
      expect(emitted.toSorted()).toEqual(['101', '102', 'ready', 'resume 0 1', 'resume 1 2']);
      expect(emitted.indexOf('ready')).toBeLessThan(emitted.indexOf('101'));
      expect(gateway.stats).toMatchObject({ identifies: 2, resumes: 2 });
    },
  );

  test('is ready although one shard connects while the guilds of the other are restored', async () => {
    await using kit = await stoppedClient(create);
    const { promise, resolve } = Promise.withResolvers<void>();
    await using next = kit.another({ sessionStore: new HeldStore(promise) });
    kit.gateway.holdResumed();
    const ready = nextClientEvent(next.client, Events.ClientReady);
    const loggedIn = next.client.login(TOKEN);
    await kit.gateway.waitForConnection(({ received }) => received.some(({ op }) => op === 6));
    resolve();
    await ready;
    kit.gateway.releaseResumed();
    await loggedIn;

    expect(next.client.ws.shards.map(({ status }) => status)).toEqual([Status.Ready, Status.Ready]);
  });

  test('is ready although its first connection is lost before it has resumed', async () => {
    await using kit = await stoppedClient(create);
    await using next = kit.another({ sessionStore: new FileSessionStore(directory) });
    const reconnecting: number[] = [];
    next.client.on(Events.ShardReconnecting, (id) => reconnecting.push(id));
    kit.gateway.holdResumed();
    const loggedIn = next.login();
    const lost = await kit.gateway.waitForConnection(({ received }) => received.some(({ op }) => op === 6));
    lost.terminate();
    kit.gateway.releaseResumed();
    await loggedIn;
    await next.sendMessage(101);

    expect(reconnecting).toEqual([]);
    expect(kit.gateway.stats.identifies).toBe(2);
  });

  test('identifies and is ready when Discord no longer knows the sessions', async () => {
    await using kit = await stoppedClient(create, { sessionTtlMs: 0 });
    await using next = kit.another({ sessionStore: new FileSessionStore(directory) });
    await next.login();
    await next.sendMessage(101);

    expect(next.client.guilds.cache.size).toBe(2);
    expect(kit.gateway.stats).toMatchObject({ identifies: 4 });
  });
});

test('a session store without snapshots is refused, because the Client would never be ready', async () => {
  const sessionStore = { load: async () => null, save: async () => undefined, clear: async () => undefined };
  await using gateway = await FakeGateway.listen();
  const client = new Client({
    intents: [],
    rest: { api: gateway.apiUrl.replace('/v10', '') },
    ws: { buildStrategy: shardingStrategy({ sessionStore }) },
  });

  await expect(client.login(TOKEN)).rejects.toMatchObject({
    code: 'INVALID_OPTIONS',
    message: expect.stringContaining('warmStart'),
  });
});
