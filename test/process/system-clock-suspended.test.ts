/** A suspended machine: the monotonic clock stands still, the wall clock goes on. */
import { afterEach, beforeEach, describe, expect, test, vi } from 'vitest';
import { createSystemClock } from '../../src/clock.ts';
import type { Clock } from '../../src/clock.ts';

const START = Date.UTC(2026, 0, 1);
let wallAheadMs = 0;
let clock: Clock;

/** Time passes, and timers run. */
const pass = async (ms: number): Promise<void> => {
  vi.advanceTimersByTime(ms);
  await new Promise((resolve) => setImmediate(resolve));
};
/** The machine sleeps: no timer runs, and only the wall clock goes on. */
const suspend = (ms: number): void => void (wallAheadMs += ms);

beforeEach(() => {
  vi.useFakeTimers({
    toFake: ['setTimeout', 'clearTimeout', 'setInterval', 'clearInterval', 'Date'],
    now: START,
  });
  wallAheadMs = 0;
  clock = createSystemClock({ wallNow: () => Date.now() + wallAheadMs, monotonicNow: () => Date.now() });
});
afterEach(() => void vi.useRealTimers());

/** Sets a timer. Returns when it ran, in ms since the start. */
function timer(delayMs: number): { readonly ranAt: number | null; readonly handle: unknown } {
  const record = { ranAt: null as number | null, handle: null as unknown };
  record.handle = clock.setTimeout(() => (record.ranAt = clock.now() - START), delayMs);
  return record;
}

describe('systemClock on a machine that was suspended', () => {
  test('timers that became due run within a second of waking, in order', async () => {
    const order: string[] = [];
    clock.setTimeout(() => order.push('second'), 40_000);
    clock.setTimeout(() => order.push('first'), 30_000);
    await pass(5_000);
    suspend(3_600_000);
    await pass(1_000);
    expect(order).toEqual(['first', 'second']);
    expect(clock.now() - START).toBe(3_606_000);
    expect(vi.getTimerCount()).toBe(0);
  });

  test('the time is right at the first look on waking, before any timer runs', async () => {
    const due = timer(30_000);
    await pass(5_000);
    suspend(3_600_000);
    expect(clock.now() - START).toBe(3_605_000);
    expect(due.ranAt).toBeNull();
    await pass(0);
    expect(due.ranAt).toBe(3_605_000);
  });

  test('a timer that is not due yet keeps its time, and a cleared one does not run', async () => {
    const late = timer(60_000);
    const cleared = timer(20_000);
    await pass(5_000);
    suspend(30_000);
    await pass(500);
    clock.clearTimeout(cleared.handle);
    await pass(60_000);
    expect(late.ranAt).toBe(60_000);
    expect(cleared.ranAt).toBeNull();
    expect(vi.getTimerCount()).toBe(0);
  });

  test('a wait above the max delay of a Node timer ends at its time', async () => {
    const long = timer(2 ** 31 + 1_000);
    await pass(1_000);
    suspend(2 ** 31 - 10_000);
    await pass(9_000);
    expect(long.ranAt).toBeNull();
    await pass(1_000);
    expect(long.ranAt).toBe(2 ** 31 + 1_000);
  });

  test('several suspensions add up', async () => {
    const record = timer(100_000);
    for (let times = 0; times < 4; times += 1) {
      await pass(5_000);
      suspend(20_000);
    }
    await pass(1_000);
    expect(record.ranAt).toBe(101_000);
  });

  test('a wall clock that is set back changes nothing', async () => {
    const record = timer(10_000);
    await pass(2_000);
    suspend(-3_600_000);
    await pass(7_999);
    expect(record.ranAt).toBeNull();
    await pass(1);
    expect(record.ranAt).toBe(10_000);
  });

  test('the time is right again as soon as a timer is set', () => {
    suspend(3_600_000);
    timer(5_000);
    expect(clock.now() - START).toBe(3_600_000);
  });

  test('a late timer lets the sockets be read first', async () => {
    const order: string[] = [];
    clock.setTimeout(() => order.push('timer'), 5_000);
    // The event loop is blocked before the timer runs: it is late, and data has arrived meanwhile.
    vi.advanceTimersByTime(4_999);
    vi.setSystemTime(START + 8_000);
    setImmediate(() => order.push('read'));
    await pass(1);
    expect(order).toEqual(['read', 'timer']);
  });
});
