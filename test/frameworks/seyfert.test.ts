/** Bots of seyfert, unmodified from npm, on a manager. */
import type { ShardManager as SeyfertShardManager } from 'seyfert';
import { describe, expect, expectTypeOf, test } from 'vitest';
import { Intents, ShardManager } from '../../src/index.ts';
import { seyfertGateway } from '../../src/seyfert/index.ts';
import type { SeyfertGateway } from '../../src/seyfert/index.ts';
import { GUILD } from '../kit/bot-world.ts';
import { describeFramework, describeRecovery, describeRestart, liveBot } from '../kit/framework-conformance.ts';
import { nextEvent } from '../kit/live-manager.ts';
import { virtualManager } from '../kit/virtual-manager.ts';
import { TOKEN } from '../kit/virtual-shard.ts';
import { seyfertClient, seyfertFrameworkBot } from './seyfert-bot.ts';

describeFramework('seyfert', seyfertFrameworkBot);
describeRecovery('seyfert', seyfertFrameworkBot);
describeRestart('seyfert', seyfertFrameworkBot);

describe('seyfertGateway()', () => {
  test('has only members that the gateway of seyfert has', () => {
    expectTypeOf<SeyfertShardManager>().toExtend<SeyfertGateway>();
  });

  test('refuses what is not a manager', () => {
    expect(() => seyfertGateway({} as never)).toThrow(expect.objectContaining({ code: 'INVALID_OPTIONS' }));
  });

  test('is empty before the manager knows its shards', () => {
    const gateway = seyfertGateway(new ShardManager({ token: TOKEN, intents: 0 }));

    expect([gateway.size, gateway.totalShards, [...gateway]]).toEqual([0, 0, []]);
  });

  test('fills the cache with the guilds of READY', async () => {
    await using kit = await liveBot(seyfertClient);
    const ready = Promise.withResolvers<void>();
    kit.bot.client.events.set([{ data: { name: 'guildsReady', once: false }, run: () => ready.resolve() } as never]);
    await kit.bot.client.start();
    await ready.promise;
    const guild = kit.bot.client.cache.guilds?.get(GUILD);

    expect(guild?.id).toBe(GUILD);
    expect(guild?.shard).toBe(kit.bot.client.gateway.get(0));
  });

  test('does not wait for a guild that has an outage, and then takes it as a new one', async () => {
    const { gateway, manager, clock } = virtualManager({ shards: 1 }, { intents: ['Guilds'] });
    gateway.readyData = { user: { id: '1' }, guilds: [{ id: '10' }, { id: '11' }] };
    const seyfert = seyfertGateway(manager);
    const packets: unknown[] = [];
    seyfert.options.handlePayload = (shardId, { t, d }: { t: string; d?: { id?: string } }) =>
      packets.push(`${shardId} ${t} ${d?.id ?? ''}`);
    void manager.connect();
    await clock.advanceAsync(100);
    gateway.dispatch('GUILD_CREATE', { id: '10' });
    expect(seyfert.get(0)?.isReady).toBe(false);
    await clock.advanceAsync(15_000);
    expect(seyfert.get(0)?.isReady).toBe(true);
    gateway.dispatch('GUILD_CREATE', { id: '11' });

    expect(packets).toEqual(['0 READY ', '0 RAW_GUILD_CREATE 10', '0 GUILDS_READY ', '0 GUILD_CREATE 11']);
    manager.forceClose();
  });

  test('calls the events of connections', async () => {
    await using kit = await liveBot(seyfertClient);
    const calls: unknown[] = [];
    kit.bot.client.events.set([
      { data: { name: 'shardDisconnect', once: false }, run: (data: unknown) => void calls.push(data) } as never,
      { data: { name: 'shardReconnect', once: false }, run: (data: unknown) => void calls.push(data) } as never,
    ]);
    await kit.bot.client.start();
    const reconnected = nextEvent(kit.manager, 'reconnected');
    kit.gateway.connections[0]!.terminate();
    await reconnected;

    expect(calls).toEqual([{ shardId: 0 }, { shardId: 0, code: 1006, reason: 'abnormal closure' }, { shardId: 0 }]);
  });

  test('sends what handleSendPayload returns, and nothing if that is null', async () => {
    await using kit = await liveBot(seyfertClient);
    const { gateway } = kit;
    const { client } = kit.bot;
    await client.start();
    const presence = { status: 'dnd' as never, activities: [], since: null, afk: false };
    client.gateway.options.handleSendPayload = () => null;
    expect(await client.gateway.setShardPresence(0, presence)).toBe(false);
    const idle = { ...presence, status: 'idle' };
    client.gateway.options.handleSendPayload = () => ({ op: 3, d: idle }) as never;
    expect(await client.gateway.setShardPresence(0, presence)).toBe(true);
    await gateway.connections[0]!.waitFor(3);

    expect(gateway.connections[0]!.presence).toMatchObject({ status: 'idle' });
  });

  test('has shards with the session, which can be sent to, pinged, reconnected and disconnected', async () => {
    // No heartbeat of the schedule meets that of the ping.
    await using kit = await liveBot(seyfertClient, { gateway: { heartbeatIntervalMs: 60_000 } });
    const { gateway, manager } = kit;
    const { client } = kit.bot;
    await client.start();
    const shard = client.gateway.get(0)!;
    const session = manager.shards.get(0)!.session!;
    expect(shard.data).toEqual({
      resume_seq: session.sequence,
      session_id: session.sessionId,
      resume_gateway_url: session.resumeUrl,
    });
    expect(await shard.ping()).toBeGreaterThanOrEqual(0);
    await shard.send(false, {
      op: 3,
      d: { status: 'dnd' as never, activities: [], since: null, afk: false },
    });
    const resumed = nextEvent(manager, 'resumed');
    await shard.reconnect();
    await resumed;
    expect(shard.isOpen).toBe(true);
    const disconnected = nextEvent(manager, 'disconnected');
    client.gateway.disconnect(0);
    await disconnected;

    expect(shard.isOpen).toBe(false);
    expect(gateway.stats).toMatchObject({ identifies: 1, resumes: 1 });
  });

  test('disconnectAll() disconnects the manager', async () => {
    await using kit = await liveBot(seyfertClient);
    await kit.bot.client.start();
    const disconnected = nextEvent(kit.manager, 'disconnected');
    kit.bot.client.gateway.disconnectAll();
    await disconnected;

    expect(kit.bot.client.gateway.get(0)!.isOpen).toBe(false);
    expect(kit.gateway.history[0]?.closedWith).toMatchObject({ code: 4000 });
  });

  test('requests the channel info of a guild', async () => {
    await using kit = await liveBot(seyfertClient);
    await kit.bot.client.start();
    const info = nextEvent(kit.manager, 'dispatch', ({ t }) => t === ('CHANNEL_INFO' as never));
    await kit.bot.client.gateway.requestChannelInfo(GUILD, ['status']);

    expect((await info)[0].d).toMatchObject({ guild_id: GUILD });
  });

  test('is ready without the intent Guilds, with which no guild arrives', async () => {
    await using kit = await liveBot(seyfertClient, { manager: { intents: Intents.GuildMessages } });
    await kit.bot.client.start();
    await kit.readyTimes(1);

    expect(kit.bot.client.gateway.get(0)!.isReady).toBe(true);
  });
});
