/** The book of beats: however late the timers are, beats keep to the schedule and to their distance. */
import { deepEqual, ok } from 'node:assert/strict';
import * as fc from 'fast-check';
import { expect, it } from 'vitest';
import { Pulse } from '../../src/actors/pulse.ts';
import { GatewayError } from '../../src/protocol/errors.ts';
import { VirtualClock } from '../../src/testing/virtual-clock.ts';
import { held, play, script, step, turn } from './kit.ts';

const intervals = fc.integer({ min: 50, max: 60_000 });
const fractions = (max: number): fc.Arbitrary<number> => fc.nat({ max: max * 1_000 }).map((thousandths) => thousandths / 1_000);

/** When each beat was due, given how late each timer was, as a part of the interval. */
function dueTimes(intervalMs: number, lateness: readonly number[]): { dueAt: number; sentAt: number }[] {
  const clock = new VirtualClock({ startAt: 0 });
  const pulse = new Pulse(clock);
  let delayMs = pulse.scheduleFirst(intervalMs / 2, intervalMs);
  return lateness.map((late) => {
    const dueAt = clock.now() + delayMs;
    clock.advance(delayMs + Math.floor(late * intervalMs));
    pulse.sent();
    pulse.acknowledge();
    delayMs = pulse.scheduleNext();
    return { dueAt, sentAt: clock.now() };
  });
}

it('beats are due one interval after another, however late their timers are within it', async () => {
  const runs = await held(
    fc.property(intervals, fc.array(fractions(0.7), { maxLength: 60 }), (intervalMs, lateness) => {
      const beats = dueTimes(intervalMs, lateness);
      deepEqual(beats.map(({ dueAt }) => dueAt), beats.map((_, index) => intervalMs / 2 + index * intervalMs));
    }),
    100,
  );
  expect(runs).toBe(100);
});

it('the next beat is always ahead, at most one interval after the last, and leaves an answer time to come', async () => {
  const runs = await held(
    fc.property(intervals, fc.array(fractions(4), { maxLength: 60 }), (intervalMs, lateness) => {
      const beats = dueTimes(intervalMs, lateness);
      for (const [index, { dueAt }] of beats.entries()) {
        const distanceMs = dueAt - (beats[index - 1]?.sentAt ?? Number.NaN);
        if (index > 0) ok(distanceMs >= intervalMs / 4 && distanceMs <= intervalMs, `${distanceMs} of ${intervalMs} ms`);
      }
    }),
    100,
  );
  expect(runs).toBe(100);
});

/** A step of `advance` may be longer or shorter. */
const INTERVAL_MS = 500;

/** Beats and answers, with the times of those that may still be answered. */
class World {
  readonly clock = new VirtualClock();
  readonly pulse = new Pulse(this.clock);
  sentAt: number[] = [];
  ping: number | null = null;
  readonly waiters: { expected: unknown; outcome: unknown }[] = [];

  beat(): void {
    const now = this.clock.now();
    this.pulse.scheduleFirst(0, INTERVAL_MS);
    this.sentAt = [...this.sentAt.filter((at) => now - at < INTERVAL_MS), now];
    this.pulse.sent();
  }

  answer(): void {
    const sentAt = this.sentAt.shift();
    const latencyMs = sentAt === undefined ? null : this.clock.now() - sentAt;
    deepEqual(this.pulse.acknowledge(), latencyMs);
    if (latencyMs === null) return;
    this.ping = latencyMs;
    this.#settle(latencyMs);
  }

  wait(): void {
    const waiter: { expected: unknown; outcome: unknown } = { expected: 'waits', outcome: 'waits' };
    this.waiters.push(waiter);
    this.pulse.nextAck().then(
      (latencyMs) => (waiter.outcome = latencyMs),
      ({ code }: GatewayError) => (waiter.outcome = code),
    );
  }

  lose(): void {
    this.sentAt = [];
    this.#settle('CONNECTION_LOST');
    this.pulse.reset(new GatewayError('CONNECTION_LOST', 'the test said so'));
  }

  async check(): Promise<void> {
    await turn();
    deepEqual(this.waiters.map(({ outcome }) => outcome), this.waiters.map(({ expected }) => expected));
    deepEqual([this.pulse.awaitsAck, this.pulse.ping], [this.sentAt.length > 0, this.ping]);
  }

  #settle(outcome: unknown): void {
    for (const waiter of this.waiters) if (waiter.expected === 'waits') waiter.expected = outcome;
  }
}

const steps = [
  fc.constant(step<World>('beat', (world) => world.beat())),
  fc.constant(step<World>('an answer comes', (world) => world.answer())),
  fc.constant(step<World>('wait for the next answer', (world) => world.wait())),
  fc.constant(step<World>('the connection is lost', (world) => world.lose())),
  fc.nat({ max: 1_000 }).map((ms) => step<World>(`advance ${ms} ms`, (world) => world.clock.advance(ms))),
  fc.constant(step<World>('check', (world) => world.check())),
];

it('answers are for the beats in their order, and whoever waits for one hears of the next or of the loss', async () => {
  const runs = await held(
    fc.asyncProperty(script(steps, 40), async (commands) => {
      const world = new World();
      await play(world, commands);
      await world.check();
    }),
    100,
  );
  expect(runs).toBe(100);
});
