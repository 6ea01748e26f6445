/** What an instrumented gate publishes on `shardwright:identify`. */
import { subscribe, unsubscribe } from 'node:diagnostics_channel';
import { afterEach, beforeEach, describe, expect, test } from 'vitest';
import type { IdentifyGate, IdentifyRequest } from '../../src/identify/identify-gate.ts';
import { MemoryIdentifyGate } from '../../src/identify/memory-identify-gate.ts';
import { InstrumentedIdentifyGate } from '../../src/identify/instrumented-identify-gate.ts';
import { VirtualClock } from '../../src/testing/virtual-clock.ts';

const CHANNEL = 'shardwright:identify';
let published: unknown[] = [];
const onMessage = (message: unknown): void => void published.push(message);

beforeEach(() => {
  published = [];
  subscribe(CHANNEL, onMessage);
});

afterEach(() => {
  unsubscribe(CHANNEL, onMessage);
});

const requestOf = (shardId: number, more: Partial<IdentifyRequest> = {}): IdentifyRequest => ({
  shardId,
  signal: new AbortController().signal,
  ...more,
});

/** A gate that grants every permit at once. `more` are its other members. */
function openGate(more: object = {}) {
  const calls: string[] = [];
  const permit = { sent: () => void calls.push('sent'), release: () => void calls.push('release') };
  const inner: IdentifyGate = { acquire: async () => permit, ...more };
  const clock = new VirtualClock();
  return { calls, clock, gate: InstrumentedIdentifyGate.wrap(inner, clock) };
}

describe('InstrumentedIdentifyGate', () => {
  test('does not wrap a gate twice', () => {
    const { gate, clock } = openGate();
    expect(InstrumentedIdentifyGate.wrap(gate, clock)).toBe(gate);
  });

  test('has the queue length, the budget and the spacing of its gate', () => {
    const budget = { total: 10, remaining: 7, resetAfterMs: 1_000 };
    const { gate } = openGate({ waiting: 3, budget, spacingMs: 5_250 });
    expect(gate.waiting).toBe(3);
    expect(gate.budget).toBe(budget);
    expect(gate.spacingMs).toBe(5_250);
  });

  test('publishes a spent budget if the request has no onBudgetSpent', async () => {
    const permit = { sent: () => undefined, release: () => undefined };
    const { gate } = openGate({
      acquire: async ({ onBudgetSpent }: IdentifyRequest) => {
        onBudgetSpent?.(1_000);
        return permit;
      },
    });
    await gate.acquire(requestOf(3));
    expect(published[0]).toEqual({ event: 'budgetSpent', shardId: 3, retryAfterMs: 1_000 });
  });

  test('publishes the wait for the permit, and the wait until the IDENTIFY', async () => {
    const clock = new VirtualClock();
    const gate = InstrumentedIdentifyGate.wrap(new MemoryIdentifyGate({ clock, total: 10, remaining: 10 }), clock);
    (await gate.acquire(requestOf(0))).sent();
    const second = gate.acquire(requestOf(1));
    await clock.advanceAsync(6_000);
    const permit = await second;
    const at = published.length;
    clock.advance(30);
    permit.sent();
    const [granted, sent] = [published[at - 1] as { waitMs: number }, published[at]];
    expect(granted).toEqual({ event: 'granted', shardId: 1, waitMs: expect.any(Number) as number });
    expect(granted.waitMs).toBeGreaterThanOrEqual(5_000);
    expect(granted.waitMs).toBeLessThanOrEqual(6_000);
    expect(sent).toEqual({ event: 'sent', shardId: 1, waitMs: 6_030, remainingStarts: 8 });
  });

  test('publishes a released permit once, and passes every call to the gate', async () => {
    const { gate, calls } = openGate();
    const permit = await gate.acquire(requestOf(4));
    permit.release();
    permit.release();
    permit.sent();
    expect(published.slice(1)).toEqual([{ event: 'released', shardId: 4 }]);
    expect(calls).toEqual(['release', 'release', 'sent']);
  });

  test.each([
    ['with a budget', { budget: { remaining: 7 } }, 7],
    ['without a budget', {}, null],
    ['with the budget null', { budget: null }, null],
    ['with another value as its budget', { budget: 'large' }, null],
    ['with a budget without remaining', { budget: { total: 1 } }, null],
    ['with a remaining that is not a number', { budget: { remaining: 'enough' } }, null],
  ])('publishes the remaining session starts of a gate %s', async (_what, more, remainingStarts) => {
    const { gate } = openGate(more);
    (await gate.acquire(requestOf(0))).sent();
    expect(published.at(-1)).toEqual({ event: 'sent', shardId: 0, waitMs: 0, remainingStarts });
  });

  test('publishes a spent budget and an abandoned request, and passes both to the caller', async () => {
    const clock = new VirtualClock();
    const gate = InstrumentedIdentifyGate.wrap(
      new MemoryIdentifyGate({ clock, total: 10, remaining: 0, resetAfterMs: 600_000 }),
      clock,
    );
    const spent: number[] = [];
    const abort = new AbortController();
    const refused = gate
      .acquire(requestOf(2, { signal: abort.signal, onBudgetSpent: (retryAfterMs) => spent.push(retryAfterMs) }))
      .catch((error: unknown) => error);
    clock.advance(250);
    abort.abort();
    expect(await refused).toMatchObject({ code: 'ABORTED' });
    expect(spent).toEqual([expect.any(Number)]);
    expect(published).toEqual([
      { event: 'budgetSpent', shardId: 2, retryAfterMs: spent[0] },
      { event: 'abandoned', shardId: 2, waitMs: 250 },
    ]);
  });

  test('publishes nothing without a subscriber', async () => {
    unsubscribe(CHANNEL, onMessage);
    const { gate, calls } = openGate();
    const permit = await gate.acquire(requestOf(0));
    permit.sent();
    permit.release();
    expect(published).toEqual([]);
    expect(calls).toEqual(['sent', 'release']);
  });
});
