/** The book of beats: however late the timers are, beats keep to the schedule and to their distance. */
import { deepEqual, ok } from 'node:assert/strict';
import * as fc from 'fast-check';
import { expect, it } from 'vitest';
import { HeartbeatTracker } from '../../src/connection/heartbeat-tracker.ts';
import { GatewayError } from '../../src/protocol/errors.ts';
import { VirtualClock } from '../../src/testing/virtual-clock.ts';
import { held, play, script, step, turn } from './kit.ts';

const intervals = fc.integer({ min: 50, max: 60_000 });
const fractions = (max: number): fc.Arbitrary<number> =>
  fc.nat({ max: max * 1_000 }).map((thousandths) => thousandths / 1_000);

/** When each beat was due, given how late each timer was, as a part of the interval. */
function dueTimes(intervalMs: number, lateness: readonly number[]): { dueAt: number; sentAt: number }[] {
  const clock = new VirtualClock({ startAt: 0 });
  const tracker = new HeartbeatTracker(clock);
  let delayMs = tracker.scheduleFirst(intervalMs / 2, intervalMs);
  return lateness.map((late) => {
    const dueAt = clock.now() + delayMs;
    clock.advance(delayMs + Math.floor(late * intervalMs));
    tracker.recordSent();
    tracker.recordAck();
    delayMs = tracker.scheduleNext();
    return { dueAt, sentAt: clock.now() };
  });
}

it('beats are due one interval after another, however late their timers are within it', async () => {
  const runs = await held(
    fc.property(intervals, fc.array(fractions(0.7), { maxLength: 60 }), (intervalMs, lateness) => {
      const beats = dueTimes(intervalMs, lateness);
      deepEqual(
        beats.map(({ dueAt }) => dueAt),
        beats.map((_, index) => intervalMs / 2 + index * intervalMs),
      );
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
        if (index > 0)
          ok(distanceMs >= intervalMs / 4 && distanceMs <= intervalMs, `${distanceMs} of ${intervalMs} ms`);
      }
    }),
    100,
  );
  expect(runs).toBe(100);
});

/** A step of `advance` may be longer or shorter. */
const INTERVAL_MS = 500;

/** Beats and answers, with the times of those that may still be answered. */
class HeartbeatTrackerModel {
  readonly clock = new VirtualClock();
  readonly tracker = new HeartbeatTracker(this.clock);
  sentAt: number[] = [];
  ping: number | null = null;
  readonly waiters: { expected: unknown; outcome: unknown }[] = [];

  sendHeartbeat(): void {
    const now = this.clock.now();
    this.tracker.scheduleFirst(0, INTERVAL_MS);
    this.sentAt = [...this.sentAt.filter((at) => now - at < INTERVAL_MS), now];
    this.tracker.recordSent();
  }

  receiveAck(): void {
    const sentAt = this.sentAt.shift();
    const latencyMs = sentAt === undefined ? null : this.clock.now() - sentAt;
    deepEqual(this.tracker.recordAck(), latencyMs);
    if (latencyMs === null) return;
    this.ping = latencyMs;
    this.#settle(latencyMs);
  }

  wait(): void {
    const waiter: { expected: unknown; outcome: unknown } = { expected: 'waits', outcome: 'waits' };
    this.waiters.push(waiter);
    this.tracker.nextAck().then(
      (latencyMs) => (waiter.outcome = latencyMs),
      ({ code }: GatewayError) => (waiter.outcome = code),
    );
  }

  loseConnection(): void {
    this.sentAt = [];
    this.#settle('CONNECTION_LOST');
    this.tracker.reset(new GatewayError('CONNECTION_LOST', 'the test said so'));
  }

  async check(): Promise<void> {
    await turn();
    deepEqual(
      this.waiters.map(({ outcome }) => outcome),
      this.waiters.map(({ expected }) => expected),
    );
    deepEqual([this.tracker.awaitsAck, this.tracker.ping], [this.sentAt.length > 0, this.ping]);
  }

  #settle(outcome: unknown): void {
    for (const waiter of this.waiters) if (waiter.expected === 'waits') waiter.expected = outcome;
  }
}

const steps = [
  fc.constant(step<HeartbeatTrackerModel>('beat', (model) => model.sendHeartbeat())),
  fc.constant(step<HeartbeatTrackerModel>('an answer comes', (model) => model.receiveAck())),
  fc.constant(step<HeartbeatTrackerModel>('wait for the next answer', (model) => model.wait())),
  fc.constant(step<HeartbeatTrackerModel>('the connection is lost', (model) => model.loseConnection())),
  fc
    .nat({ max: 1_000 })
    .map((ms) => step<HeartbeatTrackerModel>(`advance ${ms} ms`, (model) => model.clock.advance(ms))),
  fc.constant(step<HeartbeatTrackerModel>('check', (model) => model.check())),
];

it('answers are for the beats in their order, and whoever waits for one hears of the next or of the loss', async () => {
  const runs = await held(
    fc.asyncProperty(script(steps, 40), async (commands) => {
      const model = new HeartbeatTrackerModel();
      await play(model, commands);
      await model.check();
    }),
    100,
  );
  expect(runs).toBe(100);
});
