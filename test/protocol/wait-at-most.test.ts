import { describe, expect, test } from 'vitest';
import { waitAtMost } from '../../src/protocol/wait-at-most.ts';
import { VirtualClock } from '../../src/testing/virtual-clock.ts';

describe('waitAtMost', () => {
  test('resolves with the promise and clears its timer', async () => {
    const clock = new VirtualClock();
    await waitAtMost(clock, 1_000, Promise.resolve());
    expect(clock.pending).toBe(0);
  });

  test('resolves after the timeout when the promise does not settle', async () => {
    const clock = new VirtualClock();
    let isResolved = false;
    const waiting = waitAtMost(clock, 1_000, new Promise(() => undefined)).then(() => (isResolved = true));
    await clock.advanceAsync(999);
    expect(isResolved).toBe(false);
    await clock.advanceAsync(1);
    await waiting;
    expect(isResolved).toBe(true);
  });

  test('rejects with the promise and clears its timer', async () => {
    const clock = new VirtualClock();
    const error = new Error('no');
    await expect(waitAtMost(clock, 1_000, Promise.reject(error))).rejects.toBe(error);
    expect(clock.pending).toBe(0);
  });
});
