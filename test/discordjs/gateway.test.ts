/** The adapter by itself: what it takes, and what it refuses. */
import type { GatewayDispatchPayload } from 'discord-api-types/v10';
import { expect, test } from 'vitest';
import { toDiscordJsGateway } from '../../src/discordjs/index.ts';
import { ShardManager } from '../../src/index.ts';
import { heard, liveManager } from '../kit/live-manager.ts';

test.each([undefined, null, 'manager', {}, { on: () => undefined }])('%j is refused: it is no manager', (given) => {
  expect(() => toDiscordJsGateway(given as never)).toThrow(expect.objectContaining({ code: 'INVALID_OPTIONS' }));
});

test('an event other than dispatch is refused, rather than never heard', () => {
  const gateway = toDiscordJsGateway(new ShardManager({ token: 'any', intents: 0 }));
  for (const name of ['on', 'off'] as const) {
    expect(() => gateway[name]('ready' as never, () => undefined)).toThrow(expect.objectContaining({ code: 'INVALID_OPTIONS' }));
  }
});

test('a listener that was taken away hears no more; on() and off() can be chained', async () => {
  await using kit = await liveManager();
  const { gateway: fake, manager } = kit;
  const gateway = toDiscordJsGateway(manager);
  const heardBy: Record<'one' | 'other', [string, number][]> = { one: [], other: [] };
  const one = ({ t }: GatewayDispatchPayload, shardId: number): unknown => heardBy.one.push([t, shardId]);
  const other = ({ t }: GatewayDispatchPayload, shardId: number): unknown => heardBy.other.push([t, shardId]);
  expect(gateway.on('dispatch', one).on('dispatch', other).off('dispatch', one)).toBe(gateway);
  await manager.connect();
  const last = heard(manager, 'dispatch', ({ t }) => t === 'TYPING_START');
  fake.dispatch('TYPING_START', { channel_id: '1' });
  await last;

  expect(heardBy).toEqual({ one: [], other: [['READY', 0], ['TYPING_START', 0]] });
});
