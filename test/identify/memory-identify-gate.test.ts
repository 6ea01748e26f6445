import { getEventListeners } from 'node:events';
import { describe, expect, it } from 'vitest';
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

const never = (): AbortSignal => new AbortController().signal;

describe('MemoryIdentifyGate', () => {
  it('adds its margin to the spacing', async () => {
    const clock = new VirtualClock();
    const gate = new MemoryIdentifyGate({ clock });
    (await gate.acquire({ shardId: 0, signal: never() })).sent();
    const grantedAt = gate.acquire({ shardId: 1, signal: never() }).then(() => clock.now());
    const sentAt = clock.now();
    await clock.advanceAsync(60_000);
    expect((await grantedAt) - sentAt).toBe(5_250);
  });

  it('has a timer only while somebody waits for time to pass', async () => {
    const clock = new VirtualClock();
    const gate = new MemoryIdentifyGate({ clock });
    const first = await gate.acquire({ shardId: 0, signal: never() });
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

  it('has no timer after the last of many got through', async () => {
    const clock = new VirtualClock();
    const gate = new MemoryIdentifyGate({ maxConcurrency: 4, clock });
    const all = Promise.all(
      Array.from({ length: 20 }, async (_, shardId) => (await gate.acquire({ shardId, signal: never() })).sent()),
    );
    await clock.advanceAsync(5 * 5_250);
    await all;
    expect({ timers: clock.pending, waiting: gate.waiting }).toEqual({ timers: 0, waiting: 0 });
  });

  it('waits out a reset that is further away than a timer of Node can reach', async () => {
    const clock = new VirtualClock();
    const resetAfterMs = 60 * 86_400_000;
    const gate = new MemoryIdentifyGate({ remaining: 0, resetAfterMs, clock });
    const startAt = clock.now();
    const grantedAt = gate.acquire({ shardId: 0, signal: never() }).then(() => clock.now());
    expect((clock.nextDueAt ?? 0) - startAt).toBe(2 ** 31 - 1);
    await clock.advanceAsync(resetAfterMs);
    expect((await grantedAt) - startAt).toBe(resetAfterMs);
  });

  it('tells what is left, permits that are out included', async () => {
    const clock = new VirtualClock();
    const gate = new MemoryIdentifyGate({ total: 10, remaining: 5, resetAfterMs: 1_000, clock });
    await gate.acquire({ shardId: 0, signal: never() });
    expect(gate.budget).toEqual({ total: 10, remaining: 4, resetAfterMs: 1_000 });
    clock.advance(1_000);
    expect(gate.budget).toEqual({ total: 10, remaining: 9, resetAfterMs: 86_400_000 });
  });

  it('counts a new period from its first IDENTIFY frame', async () => {
    const clock = new VirtualClock();
    const gate = new MemoryIdentifyGate({ remaining: 0, resetAfterMs: 1_000, clock });
    const acquired = gate.acquire({ shardId: 0, signal: never() });
    await clock.advanceAsync(1_000);
    const permit = await acquired;
    clock.advance(400);
    expect(gate.budget.resetAfterMs).toBe(86_400_000 - 400);
    permit.sent();
    expect(gate.budget).toEqual({ total: 1_000, remaining: 999, resetAfterMs: 86_400_000 });
  });

  it('takes a remaining above 1000 as the total when no total is given', () => {
    expect(new MemoryIdentifyGate({ remaining: 1_800 }).budget).toMatchObject({ total: 1_800, remaining: 1_800 });
  });

  it('lets a callback about the spent budget abort its own request', async () => {
    const clock = new VirtualClock();
    const gate = new MemoryIdentifyGate({ remaining: 0, clock });
    const abort = new AbortController();
    const acquired = gate.acquire({ shardId: 0, signal: abort.signal, onBudgetSpent: () => abort.abort('too long') });
    await expect(acquired).rejects.toMatchObject({ code: 'ABORTED', cause: 'too long' });
    expect({ timers: clock.pending, waiting: gate.waiting }).toEqual({ timers: 0, waiting: 0 });
  });

  it('refuses at once whoever has given up already, though others wait', async () => {
    const clock = new VirtualClock();
    const gate = new MemoryIdentifyGate({ clock });
    await gate.acquire({ shardId: 0, signal: new AbortController().signal });
    await expect(gate.acquire({ shardId: 1, signal: AbortSignal.abort('too late') })).rejects.toMatchObject({
      code: 'ABORTED',
      cause: 'too late',
    });
    expect(gate.waiting).toBe(0);
  });

  it('holds on to no signal once a permit is granted', async () => {
    const gate = new MemoryIdentifyGate({ clock: new VirtualClock() });
    const { signal } = new AbortController();
    await gate.acquire({ shardId: 0, signal });
    expect(getEventListeners(signal, 'abort')).toHaveLength(0);
  });

  it('tells how far apart it keeps two of a key, its margin included', () => {
    expect([new MemoryIdentifyGate().spacingMs, new MemoryIdentifyGate({ spacingMs: 250 }).spacingMs]).toEqual([
      5_250, 500,
    ]);
  });

  it.each<MemoryIdentifyGateOptions>([
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
  ])('refuses %j with INVALID_OPTIONS, naming the option', (options) => {
    const [name = ''] = Object.keys(options).slice(-1);
    expect(() => new MemoryIdentifyGate(options)).toThrow(
      expect.objectContaining({ code: 'INVALID_OPTIONS', message: expect.stringMatching(`: ${name} must`) as string }),
    );
  });
});
