/** The waits of a manager that no option sets. */
import { describe, expect, test } from 'vitest';
import { DEFAULT_TIMING } from '../../machines/index.ts';
import { HAND_OVER_TIMEOUT_MS, managerDelays } from '../../machines/manager/delays.ts';

const delays = managerDelays(() => 1);
const { backoffBaseMs: base } = DEFAULT_TIMING;

const retryDelayMs = (attempt: number, retryAfterMs: number | null = null): number =>
  delays.infoRetryDelay({ context: { timing: DEFAULT_TIMING, attempt, retryAfterMs } as never });

describe('managerDelays()', () => {
  test('a failed GET /gateway/bot is repeated after a growing wait, never at once', () => {
    expect([0, 1, 2, 3, 4].map((attempt) => retryDelayMs(attempt))).toEqual([
      2 * base,
      2 * base,
      2 * base,
      3 * base,
      5 * base,
    ]);
  });

  test('after a rate limit the wait is longer than Discord demands', () => {
    expect(retryDelayMs(1, 60_000)).toBe(60_000 + base);
  });

  test('a hand-over that takes longer than 15 s starts over', () => {
    expect(HAND_OVER_TIMEOUT_MS).toBe(15_000);
    expect(delays.handOverTimeout()).toBe(15_000);
  });
});
