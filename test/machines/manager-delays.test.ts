/** The waits of a fleet that are not in its options. */
import { expect, test } from 'vitest';
import { DEFAULT_TIMING } from '../../machines/index.ts';
import { HAND_OVER_TIMEOUT_MS, managerDelays } from '../../machines/manager/delays.ts';

const delays = managerDelays(() => 1);
const { backoffBaseMs: base } = DEFAULT_TIMING;

const retryDelayMs = (attempt: number, retryAfterMs: number | null = null): number =>
  delays.infoRetryDelay({ context: { timing: DEFAULT_TIMING, attempt, retryAfterMs } as never });

test('a question to Discord that failed is asked again after a pause that grows, and never at once', () => {
  expect([0, 1, 2, 3, 4].map((attempt) => retryDelayMs(attempt))).toEqual([
    2 * base,
    2 * base,
    2 * base,
    3 * base,
    5 * base,
  ]);
});

test('a question that came too soon is asked again later than Discord says', () => {
  expect(retryDelayMs(1, 60_000)).toBe(60_000 + base);
});

test('a hand-over that takes longer than 15 s starts anew', () => {
  expect([HAND_OVER_TIMEOUT_MS, delays.handOverTimeout()]).toEqual([15_000, 15_000]);
});
