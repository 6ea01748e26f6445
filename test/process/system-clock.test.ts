import { afterEach, beforeEach, describe, expect, test, vi } from 'vitest';
import { setUnrefTimeout, systemClock } from '../../src/clock.ts';

const MAX_TIMER_MS = 2 ** 31 - 1;

describe('systemClock', () => {
  // Like Node's timers, they fire at once when the delay is above the max.
  beforeEach(() => void vi.useFakeTimers({ toFake: ['setTimeout', 'clearTimeout'] }));
  afterEach(() => void vi.useRealTimers());

  test.each([1, MAX_TIMER_MS, MAX_TIMER_MS + 1, 5 * MAX_TIMER_MS + 7])(
    'waits %d ms, also above the max delay of a Node timer',
    (delayMs) => {
      const fired = vi.fn<() => void>();
      systemClock.setTimeout(fired, delayMs);
      vi.advanceTimersByTime(delayMs - 1);
      expect(fired).not.toHaveBeenCalled();
      vi.advanceTimersByTime(1);
      expect(fired.mock.calls.length).toBe(1);
      expect(vi.getTimerCount()).toBe(0);
    },
  );

  test('never fires after Infinity', () => {
    const fired = vi.fn<() => void>();
    systemClock.setTimeout(fired, Number.POSITIVE_INFINITY);
    vi.advanceTimersByTime(3 * MAX_TIMER_MS);
    expect(fired).not.toHaveBeenCalled();
  });

  test.each([500, 5_000])('a wait of %d ms can leave the process free to end, and still fires', (delayMs) => {
    const fired = vi.fn<() => void>();
    setUnrefTimeout(systemClock, fired, delayMs);
    vi.advanceTimersByTime(delayMs);
    expect(fired.mock.calls.length).toBe(1);
  });

  test('a wait above the max delay of a Node timer can be cleared in the middle', () => {
    const handle = systemClock.setTimeout(() => {}, 3 * MAX_TIMER_MS);
    vi.advanceTimersByTime(2 * MAX_TIMER_MS);
    systemClock.clearTimeout(handle);
    expect(vi.getTimerCount()).toBe(0);
  });
});
