/** How often the inspector reads the counters of shards while a page is open. */
import { describe, expect, test } from 'vitest';
import { InspectionRegistry } from '../../src/inspect/inspection-registry.ts';
import type { InspectedShardView } from '../../src/inspect/shard-view.ts';
import { VirtualClock } from '../../src/testing/virtual-clock.ts';

const MEASURE_MS = 250;
const MEASUREMENTS_A_SECOND = 4;
/** A quiet shard of a large fleet is read once in this time. */
const QUIET_SECONDS = 4;
const NOBODY: ReadonlySet<string> = new Set();

const watchedShard = (shardId: number) => ({
  shardId,
  shardCount: 1,
  state: 'ready' as InspectedShardView['state'],
  active: null,
  pingMs: 40,
  lastDispatchAt: null,
  pendingSends: 0,
  identifyQueue: null,
  sequence: 0,
  sendWindow: { used: 1, limit: 120 },
  observeSteps: () => () => undefined,
  on: () => undefined,
  off: () => undefined,
});

/** A shard whose heartbeat a test acknowledges. */
class BeatingShard {
  beat: (heartbeat: { latency: number }) => void = () => undefined;
  readonly view: InspectedShardView = {
    ...watchedShard(0),
    on: (name, listener) => {
      if (name === 'heartbeat') this.beat = listener as typeof this.beat;
    },
  };
}

/** A fleet whose counters a test sets. The registry collects as for an open page. */
function watchedFleet(count: number) {
  const clock = new VirtualClock();
  const registry = new InspectionRegistry(clock, null);
  const fleet = Array.from({ length: count }, (_, shardId) => watchedShard(shardId));
  for (const shard of fleet) registry.addShard(shard);
  registry.startCollecting();
  /** Returns the keys of the shards that are sent to a page at one measurement. */
  const measure = (selected = NOBODY): string[] => {
    clock.advance(MEASURE_MS);
    return registry.collect(selected, true).shards.map(({ key }) => key);
  };
  const measureTimes = (times: number, selected = NOBODY): string[][] =>
    Array.from({ length: times }, () => measure(selected));
  /** The same while dispatches come to each shard. */
  const measureBusy = (times: number): string[][] =>
    Array.from({ length: times }, () => {
      for (const shard of fleet) shard.sequence += 1;
      return measure();
    });
  // The first time, every shard is new to the page.
  measureBusy(QUIET_SECONDS * MEASUREMENTS_A_SECOND * Math.ceil(count / 1_000));
  return { registry, fleet, measureTimes, measureBusy };
}

describe('while a page is open', () => {
  test('all of 1,000 shards are read once a second, so that a page gets one message for all', () => {
    const { measureBusy } = watchedFleet(1_000);
    expect(measureBusy(MEASUREMENTS_A_SECOND).map(({ length }) => length)).toEqual([0, 0, 0, 1_000]);
  });

  test.each([2_500, 4_000])('of %i shards each has its turn, at most 1,000 a second', (count) => {
    const { measureBusy } = watchedFleet(count);
    const sent = measureBusy(Math.ceil(count / 1_000) * MEASUREMENTS_A_SECOND);
    expect(new Set(sent.flat()).size).toBe(count);
    expect(Math.max(...sent.map(({ length }) => length))).toBe(1_000);
  });

  test.each([1_000, 4_000])('of %i shards without a dispatch each is read at every fourth turn', (count) => {
    const { fleet, measureTimes } = watchedFleet(count);
    const seconds = QUIET_SECONDS * (count / 1_000);
    measureTimes(2 * seconds * MEASUREMENTS_A_SECOND);
    for (const shard of fleet) shard.pendingSends = 1;
    const sent = measureTimes(seconds * MEASUREMENTS_A_SECOND);
    expect(new Set(sent.flat()).size).toBe(count);
    expect(Math.max(...sent.map(({ length }) => length))).toBe(250);
  });

  test('a heartbeat is shown within a second, however quiet its shard is', () => {
    const { registry, measureTimes } = watchedFleet(500);
    const shard = new BeatingShard();
    registry.addShard(shard.view);
    measureTimes(2 * QUIET_SECONDS * MEASUREMENTS_A_SECOND);
    const seen = Array.from({ length: QUIET_SECONDS }, (_, pingMs) => {
      Object.assign(shard.view, { pingMs });
      shard.beat({ latency: pingMs });
      return measureTimes(MEASUREMENTS_A_SECOND).flat();
    });
    expect(seen).toEqual([['0#2'], ['0#2'], ['0#2'], ['0#2']]);
  });

  test('each of 250 shards is read every 250 ms', () => {
    const { fleet, measureTimes } = watchedFleet(250);
    for (const shard of fleet) shard.sequence += 1;
    expect(measureTimes(1).flat()).toHaveLength(250);
  });

  test('a shard that a page shows is read every 250 ms, however many there are', () => {
    const { fleet, measureTimes } = watchedFleet(1_000);
    const seen = Array.from({ length: 4 }, () => {
      fleet[999]!.sequence += 1;
      return measureTimes(1, new Set(['999']))
        .flat()
        .includes('999');
    });
    expect(seen).toEqual([true, true, true, true]);
  });

  test.each([
    ['state', { state: 'zombie' }],
    ['pingMs', { pingMs: 41 }],
    ['sequence', { sequence: 1_000 }],
    ['lastDispatchAt', { lastDispatchAt: 1 }],
    ['pendingSends', { pendingSends: 1 }],
    ['sendWindow', { sendWindow: { used: 2, limit: 120 } }],
    ['no sendWindow', { sendWindow: null }],
    ['worker', { worker: 1 }],
    ['shardCount', { shardCount: 4 }],
  ] satisfies [string, Partial<InspectedShardView>][])(
    'a shard is sent again only if it has another %s',
    (_, change) => {
      const { fleet, measureTimes } = watchedFleet(3);
      measureTimes(1);
      expect(measureTimes(MEASUREMENTS_A_SECOND).flat()).toEqual([]);
      Object.assign(fleet[1]!, change);
      expect(measureTimes(1).flat()).toEqual(['1']);
    },
  );

  test('a change of a counter is not news, and a shard that comes or goes is', () => {
    const { registry, fleet } = watchedFleet(1);
    let news = 0;
    registry.onNews = () => void (news += 1);
    fleet[0]!.sequence += 1;
    expect(news).toBe(0);
    const { remove } = registry.addShard(watchedShard(1));
    expect(news).toBe(1);
    remove();
    expect(news).toBe(2);
  });
});
