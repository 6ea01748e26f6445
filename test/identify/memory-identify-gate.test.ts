import { getEventListeners } from 'node:events';
import { describe, expect, test } from 'vitest';
import { MemoryIdentifyGate } from '../../src/identify/memory-identify-gate.ts';
import type { MemoryIdentifyGateOptions } from '../../src/identify/memory-identify-gate.ts';
import { VirtualClock } from '../../src/testing/virtual-clock.ts';
import { describeIdentifyGate } from '../kit/identify-gate-conformance.ts';

describeIdentifyGate('MemoryIdentifyGate', async (setup) => {
  const clock = new VirtualClock();
  return {
    gate: new MemoryIdentifyGate({ ...setup, marginMs: 0, clock }),
    now: () => clock.now(),
    advance: (ms) => clock.advanceAsync(ms),
    close: async () => {},
  };
});

const neverAborted = (): AbortSignal => new AbortController().signal;

describe('MemoryIdentifyGate', () => {
  test('adds the margin to the spacing', async () => {
    const clock = new VirtualClock();
    const gate = new MemoryIdentifyGate({ clock });
    (await gate.acquire({ shardId: 0, signal: neverAborted() })).sent();
    const grantedAt = gate.acquire({ shardId: 1, signal: neverAborted() }).then(() => clock.now());
    const sentAt = clock.now();
    await clock.advanceAsync(60_000);
    expect((await grantedAt) - sentAt).toBe(5_250);
  });

  test('has a timer only while a request waits for time to pass', async () => {
    const clock = new VirtualClock();
    const gate = new MemoryIdentifyGate({ clock });
    const first = await gate.acquire({ shardId: 0, signal: neverAborted() });
    expect(clock.pending).toBe(0);
    const abort = new AbortController();
    const second = gate.acquire({ shardId: 1, signal: abort.signal });
    expect(clock.pending).toBe(0);
    first.sent();
    expect(clock.pending).toBe(1);
    abort.abort();
    await expect(second).rejects.toMatchObject({ code: 'ABORTED' });
    expect(clock.pending).toBe(0);
  });

  test('has no timer after the last request was granted', async () => {
    const clock = new VirtualClock();
    const gate = new MemoryIdentifyGate({ maxConcurrency: 4, clock });
    const all = Promise.all(
      Array.from({ length: 20 }, async (_, shardId) =>
        (await gate.acquire({ shardId, signal: neverAborted() })).sent(),
      ),
    );
    await clock.advanceAsync(5 * 5_250);
    await all;
    expect(clock.pending).toBe(0);
    expect(gate.waiting).toBe(0);
  });

  test('waits for a reset that is further away than the longest timer of Node', async () => {
    const clock = new VirtualClock();
    const resetAfterMs = 60 * 86_400_000;
    const gate = new MemoryIdentifyGate({ remaining: 0, resetAfterMs, clock });
    const startAt = clock.now();
    const grantedAt = gate.acquire({ shardId: 0, signal: neverAborted() }).then(() => clock.now());
    expect((clock.nextDueAt ?? 0) - startAt).toBe(2 ** 31 - 1);
    await clock.advanceAsync(resetAfterMs);
    expect((await grantedAt) - startAt).toBe(resetAfterMs);
  });

  test('returns a budget that is charged with unsent permits', async () => {
    const clock = new VirtualClock();
    const gate = new MemoryIdentifyGate({ total: 10, remaining: 5, resetAfterMs: 1_000, clock });
    await gate.acquire({ shardId: 0, signal: neverAborted() });
    expect(gate.budget).toEqual({ total: 10, remaining: 4, resetAfterMs: 1_000 });
    clock.advance(1_000);
    expect(gate.budget).toEqual({ total: 10, remaining: 9, resetAfterMs: 86_400_000 });
  });

  test('counts a new period from its first IDENTIFY', async () => {
    const clock = new VirtualClock();
    const gate = new MemoryIdentifyGate({ remaining: 0, resetAfterMs: 1_000, clock });
    const acquired = gate.acquire({ shardId: 0, signal: neverAborted() });
    await clock.advanceAsync(1_000);
    const permit = await acquired;
    clock.advance(400);
    expect(gate.budget.resetAfterMs).toBe(86_400_000 - 400);
    permit.sent();
    expect(gate.budget).toEqual({ total: 1_000, remaining: 999, resetAfterMs: 86_400_000 });
  });

  test('uses a remaining above 1000 as the default of total', () => {
    expect(new MemoryIdentifyGate({ remaining: 1_800 }).budget).toMatchObject({ total: 1_800, remaining: 1_800 });
  });

  test('lets the callback onBudgetSpent abort its own request', async () => {
    const clock = new VirtualClock();
    const gate = new MemoryIdentifyGate({ remaining: 0, clock });
    const abort = new AbortController();
    const acquired = gate.acquire({ shardId: 0, signal: abort.signal, onBudgetSpent: () => abort.abort('too long') });
    await expect(acquired).rejects.toMatchObject({ code: 'ABORTED', cause: 'too long' });
    expect(clock.pending).toBe(0);
    expect(gate.waiting).toBe(0);
  });

  test('rejects an aborted request at once, even if no key is free', async () => {
    const clock = new VirtualClock();
    const gate = new MemoryIdentifyGate({ clock });
    await gate.acquire({ shardId: 0, signal: new AbortController().signal });
    await expect(gate.acquire({ shardId: 1, signal: AbortSignal.abort('too late') })).rejects.toMatchObject({
      code: 'ABORTED',
      cause: 'too late',
    });
    expect(gate.waiting).toBe(0);
  });

  test('removes its listener from the signal when it grants the permit', async () => {
    const gate = new MemoryIdentifyGate({ clock: new VirtualClock() });
    const { signal } = new AbortController();
    await gate.acquire({ shardId: 0, signal });
    expect(getEventListeners(signal, 'abort')).toHaveLength(0);
  });

  test('returns the spacing with its margin included', () => {
    expect(new MemoryIdentifyGate().spacingMs).toBe(5_250);
    expect(new MemoryIdentifyGate({ spacingMs: 250 }).spacingMs).toBe(500);
  });

  test.each<MemoryIdentifyGateOptions>([
    { maxConcurrency: 0 },
    { maxConcurrency: 1.5 },
    { total: 0 },
    { remaining: 0, total: 1.5 },
    { total: 5, remaining: 6 },
    { remaining: -1 },
    { remaining: Number.NaN },
    { total: 5, reserve: 5 },
    { resetAfterMs: -1 },
    { resetAfterMs: Number.POSITIVE_INFINITY },
    { spacingMs: Number.NaN },
    { marginMs: -1 },
  ])('throws INVALID_OPTIONS for %j, and names the option', (options) => {
    const [name = ''] = Object.keys(options).slice(-1);
    expect(() => new MemoryIdentifyGate(options)).toThrow(
      expect.objectContaining({ code: 'INVALID_OPTIONS', message: expect.stringMatching(`: ${name} must`) as string }),
    );
  });
});
