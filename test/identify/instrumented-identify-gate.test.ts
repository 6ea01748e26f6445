/** What a gate's wrapper tells on `shardwright:identify`. */
import { subscribe, unsubscribe } from 'node:diagnostics_channel';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
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

/** Hands out permits at once; `more` is what else it tells of itself. */
function openGate(more: object = {}) {
  const asked: string[] = [];
  const permit = { sent: () => void asked.push('sent'), release: () => void asked.push('release') };
  const inner: IdentifyGate = { acquire: async () => permit, ...more };
  const clock = new VirtualClock();
  return { asked, clock, gate: InstrumentedIdentifyGate.wrap(inner, clock) };
}

describe('ToldGate', () => {
  it('is wrapped around a gate once', () => {
    const { gate, clock } = openGate();
    expect(InstrumentedIdentifyGate.wrap(gate, clock)).toBe(gate);
  });

  it('lets a gate tell of a spent budget to who does not want to hear of it', async () => {
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

  it('tells how long was waited for a permit, and until it was used', async () => {
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

  it('tells of a permit that is given back, and of each once, though the gate hears all', async () => {
    const { gate, asked } = openGate();
    const permit = await gate.acquire(requestOf(4));
    permit.release();
    permit.release();
    permit.sent();
    expect([published.slice(1), asked]).toEqual([[{ event: 'released', shardId: 4 }], ['release', 'release', 'sent']]);
  });

  it.each([
    ['tells of its budget', { budget: { remaining: 7 } }, 7],
    ['tells of none', {}, null],
    ['has none', { budget: null }, null],
    ['calls something else a budget', { budget: 'large' }, null],
    ['does not say what is left', { budget: { total: 1 } }, null],
    ['says so in words', { budget: { remaining: 'enough' } }, null],
  ])('of a gate that %s', async (_what, more, remainingStarts) => {
    const { gate } = openGate(more);
    (await gate.acquire(requestOf(0))).sent();
    expect(published.at(-1)).toEqual({ event: 'sent', shardId: 0, waitMs: 0, remainingStarts });
  });

  it('tells of a spent budget and of whoever gives up, and hands both on', async () => {
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
    expect([published, spent]).toEqual([
      [
        { event: 'budgetSpent', shardId: 2, retryAfterMs: spent[0] },
        { event: 'abandoned', shardId: 2, waitMs: 250 },
      ],
      [expect.any(Number)],
    ]);
  });

  it('tells nothing that nobody hears', async () => {
    unsubscribe(CHANNEL, onMessage);
    const { gate, asked } = openGate();
    const permit = await gate.acquire(requestOf(0));
    permit.sent();
    permit.release();
    expect([published, asked]).toEqual([[], ['sent', 'release']]);
  });
});
