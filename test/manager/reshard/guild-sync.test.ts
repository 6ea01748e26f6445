import { expect, test } from 'vitest';
import { GUILD_TIMEOUT_MS, GuildSync } from '../../../src/manager/reshard/guild-sync.ts';
import type { Dispatch } from '../../../src/index.ts';
import { VirtualClock } from '../../../src/testing/index.ts';

const event = (t: string, d: unknown): Dispatch => ({ op: 0, t, s: 1, d, raw: Buffer.from('{}') });
const ready = (...ids: string[]): Dispatch => event('READY', { guilds: ids.map((id) => ({ id, unavailable: true })) });

function createSync(hasGuildsIntent = true) {
  const clock = new VirtualClock();
  const done: number[] = [];
  const startedAt = clock.now();
  const sync = new GuildSync({ clock, hasGuildsIntent, onDone: () => done.push(clock.now() - startedAt) });
  return { clock, done, sync };
}

test('a session is in step once it was told of each guild of its READY, be it that one is not there', () => {
  const { clock, done, sync } = createSync();
  sync.onDispatch(0, ready('1', '2'));
  sync.onDispatch(1, ready());
  sync.onDispatch(0, event('GUILD_CREATE', { id: '1' }));
  sync.onDispatch(0, event('GUILD_CREATE', { id: '9' }));
  expect([sync.isDone, done]).toEqual([false, []]);
  sync.onDispatch(0, event('GUILD_DELETE', { id: '2', unavailable: true }));
  expect([sync.isDone, done, clock.pending]).toEqual([true, [0], 0]);
});

test('a guild that does not come for 15 s after the one before is not waited for', () => {
  const { clock, done, sync } = createSync();
  sync.onDispatch(0, ready('1', '2', '3'));
  clock.advance(10_000);
  sync.onDispatch(0, event('GUILD_CREATE', { id: '1' }));
  clock.advance(GUILD_TIMEOUT_MS - 1);
  expect(done).toEqual([]);
  clock.advance(1);
  expect([sync.isDone, done, clock.pending]).toEqual([true, [25_000], 0]);
});

test('without the intent Guilds nothing is waited for', () => {
  const { done, sync, clock } = createSync(false);
  sync.onDispatch(0, ready('1'));
  expect([sync.isDone, done, clock.pending]).toEqual([true, [0], 0]);
});
