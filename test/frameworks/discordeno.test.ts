/** Bots of discordeno, unmodified from npm, on a manager. */
import { createBot } from '@discordeno/bot';
import type { Bot } from '@discordeno/bot';
import { describe, expect, expectTypeOf, test } from 'vitest';
import { withShardwright } from '../../src/discordeno/index.ts';
import type { DiscordenoShard } from '../../src/discordeno/index.ts';
import { ShardManager } from '../../src/index.ts';
import { describeFramework, describeRecovery, describeRestart, liveBot } from '../kit/framework-conformance.ts';
import { nextEvent } from '../kit/live-manager.ts';
import { TOKEN } from '../kit/virtual-shard.ts';
import { discordenoBot, discordenoFrameworkBot } from './discordeno-bot.ts';

describeFramework('discordeno', discordenoFrameworkBot);
describeRecovery('discordeno', discordenoFrameworkBot);
describeRestart('discordeno', discordenoFrameworkBot);

describe('withShardwright()', () => {
  test('returns the bot that it was called with, in its type', () => {
    const manager = new ShardManager({ token: TOKEN, intents: 0 });
    const bot = createBot({ token: TOKEN, desiredProperties: { message: { id: true } } });
    const wrapped = withShardwright(bot, manager);

    expect(wrapped).toBe(bot);
    expectTypeOf(wrapped).toEqualTypeOf(bot);
    expectTypeOf<Bot['gateway']['shards'] extends Map<number, infer Shard> ? Shard : never>().toExtend<
      Pick<DiscordenoShard, 'id' | 'isOpen' | 'resume' | 'shutdown' | 'heart'>
    >();
  });

  test.each([undefined, {}, { gateway: {} }])('refuses %j, which is not a bot', (bot) => {
    expect(() => withShardwright(bot as never, new ShardManager({ token: TOKEN, intents: 0 }))).toThrow(
      expect.objectContaining({ code: 'INVALID_OPTIONS' }),
    );
  });

  test('refuses what is not a manager', () => {
    const bot = createBot({ token: TOKEN, desiredProperties: {} });

    expect(() => withShardwright(bot, {} as never)).toThrow(expect.objectContaining({ code: 'INVALID_OPTIONS' }));
  });

  test('receives messages when the manager is connected without bot.start()', async () => {
    await using kit = await liveBot(discordenoBot);
    const received = Promise.withResolvers<bigint>();
    kit.bot.events.messageCreate = ({ id }) => received.resolve(id);
    await kit.manager.connect();
    kit.dispatch([101]);

    expect(await received.promise).toBe(101n);
  });

  test('calls the events of the gateway with the state of the shard', async () => {
    await using kit = await liveBot(discordenoBot);
    const { bot, gateway, manager } = kit;
    const calls: string[] = [];
    const names = [
      'connecting',
      'connected',
      'hello',
      'identifying',
      'identified',
      'disconnected',
      'resuming',
      'resumed',
    ];
    for (const name of names)
      Object.assign(bot.gateway.events, {
        [name]: ({ id, state }: DiscordenoShard) => calls.push(`${name} ${id} ${state}`),
      });
    await bot.start();
    const reconnected = nextEvent(manager, 'reconnected');
    gateway.connections[0]!.terminate();
    await reconnected;

    expect(calls).toEqual([
      'connecting 0 1',
      'connected 0 1',
      'identifying 0 4',
      'hello 0 4',
      'identified 0 0',
      'disconnected 0 2',
      'connecting 0 1',
      'connected 0 1',
      'resuming 0 5',
      'hello 0 5',
      'resumed 0 0',
    ]);
  });

  test('calls heartbeatAck when a heartbeat is acknowledged', async () => {
    await using kit = await liveBot(discordenoBot, { gateway: { heartbeatIntervalMs: 60_000 } });
    const { bot, manager } = kit;
    const acknowledged = Promise.withResolvers<number | undefined>();
    bot.gateway.events.heartbeatAck = ({ heart }) => acknowledged.resolve(heart.rtt);
    await bot.start();
    await manager.shards.get(0)!.heartbeat();

    expect(await acknowledged.promise).toBe(manager.shards.get(0)!.ping);
  });

  test('has shards with the session, which can be sent to, resumed and shut down', async () => {
    await using kit = await liveBot(discordenoBot);
    const { bot, gateway, manager } = kit;
    await bot.start();
    const shard = bot.gateway.shards.get(0)!;
    const { sessionId, sequence } = manager.shards.get(0)!.session!;
    expect(shard).toMatchObject({ sessionId, previousSequenceNumber: sequence });
    await shard.send({ op: 3, d: { since: null, afk: false, activities: [], status: 'idle' } });
    await gateway.connections[0]!.waitFor(3);
    const resumed = nextEvent(manager, 'resumed');
    await shard.resume();
    await resumed;
    expect(shard.isOpen()).toBe(true);
    await shard.shutdown();

    expect(shard.isOpen()).toBe(false);
    expect(gateway.stats).toMatchObject({ identifies: 1, resumes: 1 });
  });

  test('starts a shard that was killed, and no other', async () => {
    await using kit = await liveBot(discordenoBot, { gateway: { shards: 2 } });
    const { bot, manager } = kit;
    await bot.start();
    await bot.gateway.kill(1);
    expect(manager.shards.get(1)!.state).toBe('disconnected');
    await bot.gateway.identify(1);

    expect(manager.shards.get(1)!.state).toBe('ready');
    await expect(bot.gateway.identify(7)).rejects.toMatchObject({ code: 'INVALID_OPTIONS' });
  });

  test('says the shard count, the first and the last shard', async () => {
    await using kit = await liveBot(discordenoBot, {
      manager: { shards: { total: 4, ids: [1, 2] } },
      gateway: { shards: 4 },
    });
    const { gateway } = kit.bot;
    expect([gateway.totalShards, gateway.firstShardId, gateway.lastShardId]).toEqual([1, 0, 0]);
    await kit.bot.start();

    expect([gateway.totalShards, gateway.firstShardId, gateway.lastShardId]).toEqual([4, 1, 2]);
  });

  test('reshards as the manager does', async () => {
    await using kit = await liveBot(discordenoBot, { broken: ['heartbeat-pace', 'zombie-heartbeat'] });
    await kit.bot.start();
    await kit.bot.gateway.resharding.reshard({ shards: 2 } as never);

    expect([...kit.bot.gateway.shards.keys()]).toEqual([0, 1]);
    expect(kit.bot.gateway.totalShards).toBe(2);
  });
});
