import { describe, expect, test } from 'vitest';
import { readyShard } from '../kit/virtual-shard.ts';

const presence = (name: string) =>
  ({ op: 3, d: { since: null, activities: [{ name, type: 0 }], status: 'online', afk: false } }) as never;

describe('send()', () => {
  test('ignoreRateLimit does not send a presence past its limit, nor past a later one', async () => {
    const { shard, gateway, clock } = await readyShard();
    const sends = Array.from({ length: 8 }, (_, n) => shard.send(presence(`game ${n}`), { ignoreRateLimit: true }));
    await clock.advanceAsync(19_000);
    const games = (): unknown[] =>
      gateway.sent(3).map(({ d }) => (d as { activities: { name: string }[] }).activities[0]?.name);
    expect(games()).toEqual(['game 0', 'game 1', 'game 2', 'game 3', 'game 4']);
    await clock.advanceAsync(2_000);
    await Promise.all(sends);
    expect(games()).toEqual(['game 0', 'game 1', 'game 2', 'game 3', 'game 4', 'game 7']);
  });
});
