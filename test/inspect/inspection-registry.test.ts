/** How often the inspector reads the counters of shards while a page is open. */
import { describe, expect, test } from 'vitest';
import { InspectionRegistry } from '../../src/inspect/inspection-registry.ts';
import type { InspectedShardView } from '../../src/inspect/shard-view.ts';
import { VirtualClock } from '../../src/testing/virtual-clock.ts';

const TICK_MS = 50;
const TICKS_A_SECOND = 20;
const NOBODY: ReadonlySet<string> = new Set();

/** A fleet whose sequences a test sets. The registry collects as for an open page. */
function watchedFleet(count: number) {
  const clock = new VirtualClock();
  const registry = new InspectionRegistry(clock, null);
  const fleet = Array.from({ length: count }, (_, shardId) => {
    const state = { sequence: 0, sendWindow: { used: 1, limit: 120 } };
    const shard: InspectedShardView = {
      shardId,
      shardCount: count,
      state: 'ready',
      active: null,
      pingMs: 40,
      lastDispatchAt: null,
      pendingSends: 0,
      identifyQueue: null,
      get sequence() {
        return state.sequence;
      },
      get sendWindow() {
        return { ...state.sendWindow };
      },
      observeSteps: () => () => undefined,
      on: () => undefined,
      off: () => undefined,
    };
    registry.addShard(shard);
    return state;
  });
  registry.startCollecting();
  /** Returns the keys of the shards that a page is told of at one tick. */
  const tick = (selected = NOBODY): string[] => {
    clock.advance(TICK_MS);
    return registry.collect(selected).shards.map(({ key }) => key);
  };
  const ticks = (times: number, selected = NOBODY): string[][] => Array.from({ length: times }, () => tick(selected));
  // The first time, every shard is new to the page.
  ticks(TICKS_A_SECOND);
  return { fleet, ticks };
}

describe('while a page is open', () => {
  test('of 1,000 shards each has its turn within a second, and no tick reads more than a quarter', () => {
    const { fleet, ticks } = watchedFleet(1_000);
    for (const shard of fleet) shard.sequence += 1;
    const told = ticks(TICKS_A_SECOND);
    expect(new Set(told.flat()).size).toBe(1_000);
    expect(Math.max(...told.map(({ length }) => length))).toBe(250);
  });

  test('a shard that a page shows is read every 250 ms, however many there are', () => {
    const { fleet, ticks } = watchedFleet(1_000);
    const seen = Array.from({ length: 4 }, () => {
      fleet[999]!.sequence += 1;
      return ticks(5, new Set(['999']))
        .flat()
        .includes('999');
    });
    expect(seen).toEqual([true, true, true, true]);
  });

  test('a shard that is as before is not sent again', () => {
    const { fleet, ticks } = watchedFleet(3);
    expect(ticks(TICKS_A_SECOND).flat()).toEqual([]);
    fleet[1]!.sendWindow.used += 1;
    expect(ticks(TICKS_A_SECOND).flat()).toEqual(['1']);
  });
});
