/** A budget that is reset while a permit is unsent and no request waits, so that no timer notices the reset. */
import { describe, expect, test } from 'vitest';
import { MemoryIdentifyGate } from '../../src/identify/memory-identify-gate.ts';
import { VirtualClock } from '../../src/testing/virtual-clock.ts';

const RESET_AFTER_MS = 1_000;
const DAY_MS = 86_400_000;

const setUp = async () => {
  const clock = new VirtualClock();
  const gate = new MemoryIdentifyGate({ maxConcurrency: 2, total: 1, resetAfterMs: RESET_AFTER_MS, clock });
  const { signal } = new AbortController();
  const permit = await gate.acquire({ shardId: 0, signal });
  clock.advance(2 * RESET_AFTER_MS);
  return { clock, gate, permit };
};

describe('MemoryIdentifyGate after a reset', () => {
  test('charges an IDENTIFY sent after the reset to the new period, and begins the period with it', async () => {
    const { clock, gate, permit } = await setUp();
    permit.sent();
    expect(gate.budget).toEqual({ total: 1, remaining: 0, resetAfterMs: DAY_MS });
    const { signal } = new AbortController();
    const grantedAt = gate.acquire({ shardId: 1, signal }).then(() => clock.now());
    const sentAt = clock.now();
    await clock.advanceAsync(DAY_MS);
    expect((await grantedAt) - sentAt).toBe(DAY_MS);
  });

  test('has a full budget when a permit from before the reset is released', async () => {
    const { gate, permit } = await setUp();
    permit.release();
    expect(gate.budget).toEqual({ total: 1, remaining: 1, resetAfterMs: DAY_MS });
  });

  test('counts a period from the last IDENTIFY of its first hour, because earlier ones may be lost', async () => {
    const clock = new VirtualClock();
    const gate = new MemoryIdentifyGate({
      maxConcurrency: 4,
      total: 4,
      remaining: 0,
      resetAfterMs: RESET_AFTER_MS,
      clock,
    });
    const { signal } = new AbortController();
    clock.advance(RESET_AFTER_MS);
    for (const [shardId, waitMs] of [
      [0, 300],
      [1, 3_599_699],
      [2, 1],
      [3, 0],
    ] as const) {
      (await gate.acquire({ shardId, signal })).sent();
      clock.advance(waitMs);
    }
    expect(gate.budget).toEqual({ total: 4, remaining: 0, resetAfterMs: DAY_MS - 1 });
  });
});
