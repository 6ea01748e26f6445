/** Which connections the strategy shows to discord.js, at moments that no gateway can be brought to. */
import { EventEmitter } from 'node:events';
import { describe, expect, test } from 'vitest';
import type { ShardManager } from '../../src/index.ts';
import { systemClock } from '../../src/index.ts';
import { WsEventSource } from '../../src/discordjs/ws-events.ts';
import type { WsManagerLike } from '../../src/discordjs/ws-manager.ts';
import { silentLogger } from '../../src/shard/logger.ts';

const LOST = { code: 1006, reason: '', initiator: 'transport', willReconnect: true, willResume: true };
const ENDED = { ...LOST, code: 1000, willReconnect: false, willResume: false };

/** Returns a manager whose two shards are ready and which has logged in, and the events that discord.js gets. */
function loggedIn() {
  const manager = Object.assign(new EventEmitter(), { shards: new Map() });
  const shown: string[] = [];
  const ws = Object.assign(new EventEmitter(), { options: { updateSessionInfo: () => undefined } });
  for (const name of ['closed', 'hello', 'ready', 'resumed'])
    ws.on(name, ({ shardId }: { shardId: number }) => shown.push(`${name} ${shardId}`));
  void new WsEventSource({
    ws: ws as unknown as WsManagerLike,
    manager: manager as unknown as ShardManager,
    clock: systemClock,
    logger: silentLogger,
    isLoggingIn: () => false,
  });
  const dispatch = (t: string, shardId: number): boolean =>
    manager.emit('dispatch', { op: 0, t, s: 1, d: {} }, shardId);
  dispatch('READY', 0);
  dispatch('READY', 1);
  manager.emit('guildsReady', 0, { available: [], unavailable: [] });
  shown.length = 0;
  return { manager, dispatch, shown };
}

describe('the events for discord.js', () => {
  test('do not show that a shard reconnects while the guilds of another are still coming', () => {
    const { manager, dispatch, shown } = loggedIn();
    manager.emit('disconnected', LOST, 0);
    manager.emit('hello', { heartbeatInterval: 1 }, 0);
    expect(shown).toEqual([]);
    manager.emit('guildsReady', 1, { available: [], unavailable: [] });
    manager.emit('disconnected', LOST, 0);
    expect(shown).toEqual([]);
    dispatch('RESUMED', 0);

    expect(shown).toEqual(['hello 0', 'resumed 0']);
  });

  test('show it once all guilds have come', () => {
    const { manager, dispatch, shown } = loggedIn();
    manager.emit('guildsReady', 1, { available: [], unavailable: [] });
    manager.emit('disconnected', LOST, 0);
    manager.emit('hello', { heartbeatInterval: 1 }, 0);
    dispatch('RESUMED', 0);

    expect(shown).toEqual(['closed 0', 'hello 0', 'resumed 0']);
  });

  test('show a connection whose session is lost', () => {
    const { manager, dispatch, shown } = loggedIn();
    manager.emit('disconnected', { ...LOST, willResume: false }, 0);
    manager.emit('hello', { heartbeatInterval: 1 }, 0);
    dispatch('READY', 0);

    expect(shown).toEqual(['closed 0', 'hello 0', 'ready 0']);
  });

  test('do not wait for the guilds of a shard that has stopped', () => {
    const { manager, shown } = loggedIn();
    manager.emit('disconnected', ENDED, 1);
    manager.emit('disconnected', LOST, 0);

    expect(shown).toEqual(['closed 1', 'closed 0']);
  });
});
