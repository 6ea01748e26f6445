import { describe, expect, test } from 'vitest';
import { MemoryIdentifyGate } from '../../src/index.ts';
import { VirtualClock } from '../../src/testing/index.ts';

const LIMIT = { total: 1_000, remaining: 1_000, resetAfterMs: 60_000, maxConcurrency: 1 };

const passGate = async (gate: MemoryIdentifyGate, shardId: number) => {
  const permit = await gate.acquire({ shardId, signal: new AbortController().signal });
  permit.sent();
};

describe('MemoryIdentifyGate.update()', () => {
  test('replaces the budget, and charges unsent permits to it', async () => {
    const clock = new VirtualClock();
    const gate = new MemoryIdentifyGate({ clock, maxConcurrency: 2 });
    await passGate(gate, 0);
    const permit = await gate.acquire({ shardId: 1, signal: new AbortController().signal });
    gate.update({ ...LIMIT, maxConcurrency: 2, remaining: 7, total: 50 });
    expect(gate.budget).toEqual({ total: 50, remaining: 6, resetAfterMs: 60_000 });
    permit.release();
    expect(gate.budget.remaining).toBe(7);
  });

  test('grants permits to requests that waited for a budget', async () => {
    const clock = new VirtualClock();
    const gate = new MemoryIdentifyGate({ clock, remaining: 0 });
    let passed = false;
    const passing = passGate(gate, 0).then(() => (passed = true));
    await clock.advanceAsync(10_000);
    expect(passed).toBe(false);
    gate.update(LIMIT);
    await passing;
    expect(passed).toBe(true);
    expect(clock.pending).toBe(0);
  });

  test('makes all keys wait for the last IDENTIFY when max_concurrency changes', async () => {
    const clock = new VirtualClock();
    const gate = new MemoryIdentifyGate({ clock });
    await passGate(gate, 0);
    const startedAt = clock.now();
    const times: [number, number][] = [];
    const queued = [1, 2].map((shardId) =>
      passGate(gate, shardId).then(() => times.push([shardId, clock.now() - startedAt])),
    );
    gate.update({ ...LIMIT, maxConcurrency: 16 });
    await clock.advanceAsync(20_000);
    await Promise.all(queued);
    expect(times).toEqual([
      [1, 5_250],
      [2, 5_250],
    ]);
  });

  test('makes a key wait for its own IDENTIFY only when max_concurrency stays the same', async () => {
    const clock = new VirtualClock();
    const gate = new MemoryIdentifyGate({ clock, maxConcurrency: 2 });
    const startedAt = clock.now();
    await passGate(gate, 0);
    gate.update({ ...LIMIT, maxConcurrency: 2 });
    await passGate(gate, 1);
    expect(clock.now() - startedAt).toBe(0);
  });

  test('makes a key wait for the IDENTIFYs of other keys when max_concurrency gets smaller', async () => {
    const clock = new VirtualClock();
    const gate = new MemoryIdentifyGate({ clock, maxConcurrency: 2 });
    const startedAt = clock.now();
    await passGate(gate, 0);
    await clock.advanceAsync(4_000);
    await passGate(gate, 1);
    gate.update(LIMIT);
    let passedAt = 0;
    const passing = passGate(gate, 2).then(() => (passedAt = clock.now() - startedAt));
    await clock.advanceAsync(10_000);
    await passing;
    expect(passedAt).toBe(9_250);
  });
});
