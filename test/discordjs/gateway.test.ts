/** The adapter alone, without a client of discord.js. */
import type { GatewayDispatchPayload } from 'discord-api-types/v10';
import { describe, expect, test } from 'vitest';
import { toDiscordJsGateway } from '../../src/discordjs/index.ts';
import { GatewayError, ShardManager } from '../../src/index.ts';
import { nextEvent, liveManager } from '../kit/live-manager.ts';

describe('the gateway for @discordjs/core', () => {
  test.each([undefined, null, 'manager', {}, { on: () => undefined }])(
    'toDiscordJsGateway() refuses %j, which is not a manager',
    (value) => {
      expect(() => toDiscordJsGateway(value as never)).toThrow(expect.objectContaining({ code: 'INVALID_OPTIONS' }));
    },
  );

  test('on() and off() refuse an event other than dispatch, which would never be emitted', () => {
    const gateway = toDiscordJsGateway(new ShardManager({ token: 'any', intents: 0 }));
    for (const name of ['on', 'off'] as const) {
      expect(() => gateway[name]('ready' as never, () => undefined)).toThrow(
        expect.objectContaining({ code: 'INVALID_OPTIONS' }),
      );
    }
  });

  test('off() removes a listener, and on() and off() can be chained', async () => {
    await using kit = await liveManager();
    const { gateway: fake, manager } = kit;
    const gateway = toDiscordJsGateway(manager);
    const receivedBy: Record<'one' | 'other', [string, number][]> = { one: [], other: [] };
    const one = ({ t }: GatewayDispatchPayload, shardId: number): unknown => receivedBy.one.push([t, shardId]);
    const other = ({ t }: GatewayDispatchPayload, shardId: number): unknown => receivedBy.other.push([t, shardId]);
    expect(gateway.on('dispatch', one).on('dispatch', other).off('dispatch', one)).toBe(gateway);
    await manager.connect();
    const last = nextEvent(manager, 'dispatch', ({ t }) => t === 'TYPING_START');
    fake.dispatch('TYPING_START', { channel_id: '1' });
    await last;

    expect(receivedBy).toEqual({
      one: [],
      other: [
        ['READY', 0],
        ['TYPING_START', 0],
      ],
    });
  });

  test('send() rejects with a validation error that takes several microtasks, from a timer callback too', async () => {
    const refusal = new GatewayError('PAYLOAD_TOO_LARGE', 'for the test');
    const manager = new ShardManager({ token: 'any', intents: 0 });
    const send = async (): Promise<void> => {
      for (let depth = 0; depth < 20; depth += 1) await Promise.resolve();
      throw refusal;
    };
    const gateway = toDiscordJsGateway({
      total: 1,
      send,
      on: manager.on.bind(manager),
      off: manager.off.bind(manager),
    });
    const failure = (): Promise<unknown> =>
      gateway.send(0, { op: 8, d: { guild_id: '1', query: '', limit: 0 } }).then(
        () => 'sent',
        (error: unknown) => error,
      );
    const fromTimer = new Promise((resolve) => setImmediate(() => resolve(failure())));

    expect(await failure()).toBe(refusal);
    expect(await fromTimer).toBe(refusal);
  });

  test('send() rejects an invalid payload and an unknown shard as the manager does', async () => {
    await using kit = await liveManager();
    const gateway = toDiscordJsGateway(kit.manager);
    await kit.manager.connect();

    await expect(gateway.send(0, null as never)).rejects.toMatchObject({ code: 'INVALID_PAYLOAD' });
    await expect(gateway.send(7, { op: 31, d: { guild_ids: ['1'] } })).rejects.toMatchObject({
      code: 'INVALID_OPTIONS',
    });
  });
});
