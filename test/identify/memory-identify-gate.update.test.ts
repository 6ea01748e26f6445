import { expect, test } from 'vitest';
import { MemoryIdentifyGate } from '../../src/index.ts';
import { VirtualClock } from '../../src/testing/index.ts';

const LIMIT = { total: 1_000, remaining: 1_000, resetAfterMs: 60_000, maxConcurrency: 1 };

const passes = async (gate: MemoryIdentifyGate, shardId: number) => {
  const permit = await gate.acquire({ shardId, signal: new AbortController().signal });
  permit.sent();
};

test('update() takes over the budget as Discord sees it, permits that are out charged to it', async () => {
  const clock = new VirtualClock();
  const gate = new MemoryIdentifyGate({ clock, maxConcurrency: 2 });
  await passes(gate, 0);
  const permit = await gate.acquire({ shardId: 1, signal: new AbortController().signal });
  gate.update({ ...LIMIT, maxConcurrency: 2, remaining: 7, total: 50 });
  expect(gate.budget).toEqual({ total: 50, remaining: 6, resetAfterMs: 60_000 });
  permit.release();
  expect(gate.budget.remaining).toBe(7);
});

test('update() lets those pass who waited for a budget that there is now', async () => {
  const clock = new VirtualClock();
  const gate = new MemoryIdentifyGate({ clock, remaining: 0 });
  let passed = false;
  const waiting = passes(gate, 0).then(() => (passed = true));
  await clock.advanceAsync(10_000);
  expect(passed).toBe(false);
  gate.update(LIMIT);
  await waiting;
  expect([passed, clock.pending]).toEqual([true, 0]);
});

test('after another max_concurrency no key is free before the last IDENTIFY is far enough in the past', async () => {
  const clock = new VirtualClock();
  const gate = new MemoryIdentifyGate({ clock });
  await passes(gate, 0);
  const startedAt = clock.now();
  const times: [number, number][] = [];
  const queued = [1, 2].map((shardId) =>
    passes(gate, shardId).then(() => times.push([shardId, clock.now() - startedAt])),
  );
  gate.update({ ...LIMIT, maxConcurrency: 16 });
  await clock.advanceAsync(20_000);
  await Promise.all(queued);
  expect(times).toEqual([
    [1, 5_250],
    [2, 5_250],
  ]);
});

test('with the max_concurrency that it has a key waits for its own IDENTIFY alone', async () => {
  const clock = new VirtualClock();
  const gate = new MemoryIdentifyGate({ clock, maxConcurrency: 2 });
  const startedAt = clock.now();
  await passes(gate, 0);
  gate.update({ ...LIMIT, maxConcurrency: 2 });
  await passes(gate, 1);
  expect(clock.now() - startedAt).toBe(0);
});

test('with a smaller max_concurrency a key that stays waits for what others have sent too', async () => {
  const clock = new VirtualClock();
  const gate = new MemoryIdentifyGate({ clock, maxConcurrency: 2 });
  const startedAt = clock.now();
  await passes(gate, 0);
  await clock.advanceAsync(4_000);
  await passes(gate, 1);
  gate.update(LIMIT);
  let passedAt = 0;
  const passing = passes(gate, 2).then(() => (passedAt = clock.now() - startedAt));
  await clock.advanceAsync(10_000);
  await passing;
  expect(passedAt).toBe(9_250);
});
