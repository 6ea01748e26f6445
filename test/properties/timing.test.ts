/** How long a shard waits, for any timing a shard can be given, any number of failures and any luck. */
import { deepEqual, ok } from 'node:assert/strict';
import * as fc from 'fast-check';
import { expect, it } from 'vitest';
import { readyPatienceMs, reconnectDelayMs } from '../../machines/timing.ts';
import type { Pause, ShardTiming, AttemptCounters } from '../../machines/timing.ts';
import { resolveOptions } from '../../src/shard/shard-options.ts';
import { held } from './kit.ts';

const MAX_MS = 2 ** 31 - 1;
const SIX_HOURS_MS = 6 * 3_600_000;

const durations = fc.oneof(
  fc.integer({ min: 1, max: 120_000 }),
  fc.double({ min: 0, max: MAX_MS, minExcluded: true, noNaN: true }),
  fc.nat({ max: MAX_MS - 1 }).map((ms) => ms + 0.5),
  fc.constantFrom(1, Number.MIN_VALUE, MAX_MS),
);
const timings = fc
  .record({
    backoffBaseMs: durations,
    backoffCapMs: durations,
    readyPatienceMs: durations,
    invalidSessionWaitMs: fc
      .tuple(fc.oneof(fc.constant(0), durations), durations)
      .map(([a, b]) => [Math.min(a, b), Math.max(a, b)] as const),
  })
  .map((timing): ShardTiming => resolveOptions({ token: 'Bot x', intents: 0, timing }).timing);
const counts = fc.oneof(fc.nat({ max: 20 }), fc.nat({ max: 5_000 }));
const rolls = fc.oneof(
  fc.constantFrom(0, 1 - Number.EPSILON / 2),
  fc.nat({ max: 999 }).map((thousandths) => thousandths / 1_000),
);

const counters = (timing: ShardTiming, count: number): AttemptCounters => ({
  timing,
  attempt: count,
  readyTimeouts: count,
});

/** The least and the most of each wait before the first attempt, and the most before any. */
const BOUNDS: Readonly<Record<Pause, (timing: ShardTiming) => { min: number; max: number }>> = {
  backoff: ({ backoffCapMs }) => ({ min: 0, max: backoffCapMs }),
  invalidSession: ({ invalidSessionWaitMs: [min, max], backoffCapMs }) => ({ min, max: Math.max(max, backoffCapMs) }),
  rateLimited: ({ backoffBaseMs, backoffCapMs }) => ({
    min: 10 * backoffBaseMs,
    max: 10 * backoffBaseMs + backoffCapMs,
  }),
};

it.each(Object.keys(BOUNDS) as Pause[])(
  'the wait for the reason %s stays within its bounds, and never shrinks with another failure',
  async (pause) => {
    const runs = await held(
      fc.property(timings, counts, rolls, (timing, count, roll) => {
        const waitMs = reconnectDelayMs(pause, counters(timing, count), () => roll);
        const { min, max } = BOUNDS[pause](timing);
        ok(waitMs >= min && waitMs <= max, `${waitMs} ms`);
        ok(reconnectDelayMs(pause, counters(timing, count + 1), () => roll) >= waitMs);
      }),
      500,
    );
    expect(runs).toBe(500);
  },
);

it('the backoff is any part of its ceiling with equal chance, and the ceiling doubles up to the cap', async () => {
  const runs = await held(
    fc.property(timings, fc.integer({ min: 1, max: 40 }), rolls, (timing, attempt, roll) => {
      const ceilingMs = Math.min(timing.backoffCapMs, timing.backoffBaseMs * 2 ** (attempt - 2));
      deepEqual(
        reconnectDelayMs('backoff', counters(timing, attempt), () => roll),
        ceilingMs * roll,
      );
    }),
    500,
  );
  expect(runs).toBe(500);
});

it('the wait after Invalid Session comes from its whole range before the backoff grows beyond that', async () => {
  const runs = await held(
    fc.property(timings, rolls, (timing, roll) => {
      const [min, max] = timing.invalidSessionWaitMs;
      const small = { ...timing, backoffBaseMs: Math.min(timing.backoffBaseMs, min || Number.MIN_VALUE) };
      deepEqual(
        reconnectDelayMs('invalidSession', counters(small, 1), () => roll),
        min + (max - min) * roll,
      );
    }),
    300,
  );
  expect(runs).toBe(300);
});

it('the patience for READY doubles up to six hours, or stays as it was given where that is longer', async () => {
  const runs = await held(
    fc.property(timings, counts, (timing, count) => {
      const patienceMs = readyPatienceMs(counters(timing, count));
      const maxMs = Math.max(SIX_HOURS_MS, timing.readyPatienceMs);
      ok(patienceMs >= timing.readyPatienceMs && patienceMs <= maxMs, `${patienceMs} ms`);
      deepEqual(readyPatienceMs(counters(timing, 0)), timing.readyPatienceMs);
      deepEqual(readyPatienceMs(counters(timing, count + 1)), Math.min(maxMs, 2 * patienceMs));
    }),
    500,
  );
  expect(runs).toBe(500);
});

it('the backoff from the smallest base there is, after any number of failures, is a number', () => {
  const timing = resolveOptions({ token: 'Bot x', intents: 0, timing: { backoffBaseMs: Number.MIN_VALUE } }).timing;
  expect(reconnectDelayMs('backoff', counters(timing, 2_000), () => 0.5)).toBe(30_000);
});
