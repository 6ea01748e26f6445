/** How long a shard waits, for any timing options, number of failures and random number. */
import { deepEqual, ok } from 'node:assert/strict';
import * as fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import { NO_LOSSES, readyPatienceMs, reconnectDelayMs } from '../../machines/timing.ts';
import type { LossKind, Pause, ShardTiming, AttemptCounters } from '../../machines/timing.ts';
import { resolveOptions } from '../../src/shard/shard-options.ts';
import { checkProperty } from './kit.ts';

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

const counters = (timing: ShardTiming, count: number, kind: LossKind = 'unreachable'): AttemptCounters => ({
  timing,
  lossCounts: { ...NO_LOSSES, [kind]: count },
  readyTimeouts: count,
});

/** The losses that make each wait longer. */
const KINDS: Readonly<Record<Pause, readonly LossKind[]>> = {
  backoff: ['unreachable', 'unanswered', 'shortLived'],
  rateLimited: ['unreachable', 'unanswered', 'shortLived'],
  room: ['unreachable', 'unanswered', 'shortLived'],
  invalidSession: ['refused'],
};
const ALL_KINDS = Object.keys(NO_LOSSES) as LossKind[];

/** The min and the max of each wait. */
const BOUNDS: Readonly<Record<Pause, (timing: ShardTiming) => { min: number; max: number }>> = {
  backoff: ({ backoffCapMs }) => ({ min: 0, max: backoffCapMs }),
  room: ({ backoffCapMs }) => ({ min: 0, max: backoffCapMs }),
  invalidSession: ({ invalidSessionWaitMs: [min, max], backoffCapMs }) => ({ min, max: Math.max(max, backoffCapMs) }),
  rateLimited: ({ backoffBaseMs, backoffCapMs }) => ({
    min: 10 * backoffBaseMs,
    max: 10 * backoffBaseMs + backoffCapMs,
  }),
};

describe('reconnectDelayMs() and readyPatienceMs()', () => {
  test.each(Object.keys(BOUNDS) as Pause[])(
    'keeps the wait for the reason %s within its bounds, and never shortens it after another failure',
    async (pause) => {
      const runs = await checkProperty(
        fc.property(timings, counts, rolls, fc.constantFrom(...KINDS[pause]), (timing, count, roll, kind) => {
          const waitMs = reconnectDelayMs(pause, counters(timing, count, kind), () => roll);
          const { min, max } = BOUNDS[pause](timing);
          ok(waitMs >= min && waitMs <= max, `${waitMs} ms`);
          ok(reconnectDelayMs(pause, counters(timing, count + 1, kind), () => roll) >= waitMs);
        }),
        500,
      );
      expect(runs).toBe(500);
    },
  );

  test.each(Object.keys(BOUNDS) as Pause[])(
    'draws the wait for the reason %s whatever was lost for another reason',
    async (pause) => {
      const others = ALL_KINDS.filter((kind) => !KINDS[pause].includes(kind));
      const runs = await checkProperty(
        fc.property(timings, counts, rolls, fc.constantFrom(...others), (timing, count, roll, kind) => {
          deepEqual(
            reconnectDelayMs(pause, counters(timing, count, kind), () => roll),
            reconnectDelayMs(pause, counters(timing, 0), () => roll),
          );
        }),
        200,
      );
      expect(runs).toBe(200);
    },
  );

  test('draws the backoff evenly below its ceiling, which doubles up to backoffCapMs', async () => {
    const runs = await checkProperty(
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

  test('draws the wait after Invalid Session from its whole range until the backoff is longer', async () => {
    const runs = await checkProperty(
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

  test('doubles the patience for READY up to six hours, or keeps a longer readyPatienceMs', async () => {
    const runs = await checkProperty(
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

  test('returns a number for the smallest backoffBaseMs after any number of failures', () => {
    const timing = resolveOptions({ token: 'Bot x', intents: 0, timing: { backoffBaseMs: Number.MIN_VALUE } }).timing;
    expect(reconnectDelayMs('backoff', counters(timing, 2_000), () => 0.5)).toBe(30_000);
  });
});
