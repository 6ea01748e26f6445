import { describe, expect, test } from 'vitest';
import { GUILD_TIMEOUT_MS, GuildSync } from '../../../src/manager/reshard/guild-sync.ts';
import type { Dispatch } from '../../../src/index.ts';
import { VirtualClock } from '../../../src/testing/index.ts';
import { madeDispatch } from '../../kit/made-dispatch.ts';

const event = (t: string, d: unknown): Dispatch => madeDispatch(t, 1, d);
const ready = (...ids: string[]): Dispatch => event('READY', { guilds: ids.map((id) => ({ id, unavailable: true })) });

function createSync(hasGuildsIntent = true) {
  const clock = new VirtualClock();
  const done: number[] = [];
  const startedAt = clock.now();
  const sync = new GuildSync({ clock, hasGuildsIntent, onDone: () => done.push(clock.now() - startedAt) });
  return { clock, done, sync };
}

describe('GuildSync', () => {
  test('is done when each guild of READY has come, as GUILD_CREATE or as an unavailable GUILD_DELETE', () => {
    const { clock, done, sync } = createSync();
    sync.onDispatch(0, ready('1', '2'));
    sync.onDispatch(1, ready());
    sync.onDispatch(0, event('GUILD_CREATE', { id: '1' }));
    sync.onDispatch(0, event('GUILD_CREATE', { id: '9' }));
    expect(sync.isDone).toBe(false);
    expect(done).toEqual([]);
    sync.onDispatch(0, event('GUILD_DELETE', { id: '2', unavailable: true }));
    expect(sync.isDone).toBe(true);
    expect(done).toEqual([0]);
    expect(clock.pending).toBe(0);
  });

  test('stops waiting when no guild has come for 15 s', () => {
    const { clock, done, sync } = createSync();
    sync.onDispatch(0, ready('1', '2', '3'));
    clock.advance(10_000);
    sync.onDispatch(0, event('GUILD_CREATE', { id: '1' }));
    clock.advance(GUILD_TIMEOUT_MS - 1);
    expect(done).toEqual([]);
    clock.advance(1);
    expect(sync.isDone).toBe(true);
    expect(done).toEqual([25_000]);
    expect(clock.pending).toBe(0);
  });

  test('is done at READY without the intent Guilds', () => {
    const { done, sync, clock } = createSync(false);
    sync.onDispatch(0, ready('1'));
    expect(sync.isDone).toBe(true);
    expect(done).toEqual([0]);
    expect(clock.pending).toBe(0);
  });
});
