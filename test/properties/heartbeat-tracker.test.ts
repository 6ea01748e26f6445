/** The heartbeat tracker: heartbeats keep their schedule and their distance, however late the timers are. */
import { deepEqual, ok } from 'node:assert/strict';
import * as fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import { HeartbeatTracker } from '../../src/connection/heartbeat-tracker.ts';
import { GatewayError } from '../../src/protocol/errors.ts';
import { VirtualClock } from '../../src/testing/virtual-clock.ts';
import { checkProperty, runScript, script, step, turn } from './kit.ts';

const intervals = fc.integer({ min: 50, max: 60_000 });
const fractions = (max: number): fc.Arbitrary<number> =>
  fc.nat({ max: max * 1_000 }).map((thousandths) => thousandths / 1_000);

/** Returns when each heartbeat was due. `lateness` is the delay of each timer as a fraction of the interval. */
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

describe('HeartbeatTracker', () => {
  test('schedules a heartbeat for every interval, however late a timer is within it', async () => {
    const runs = await checkProperty(
      fc.property(intervals, fc.array(fractions(0.7), { maxLength: 60 }), (intervalMs, lateness) => {
        const heartbeats = dueTimes(intervalMs, lateness);
        deepEqual(
          heartbeats.map(({ dueAt }) => dueAt),
          heartbeats.map((_, index) => intervalMs / 2 + index * intervalMs),
        );
      }),
      100,
    );
    expect(runs).toBe(100);
  });

  test('schedules the next heartbeat a quarter to one interval after the last', async () => {
    const runs = await checkProperty(
      fc.property(intervals, fc.array(fractions(4), { maxLength: 60 }), (intervalMs, lateness) => {
        const heartbeats = dueTimes(intervalMs, lateness);
        for (const [index, { dueAt }] of heartbeats.entries()) {
          const distanceMs = dueAt - (heartbeats[index - 1]?.sentAt ?? Number.NaN);
          if (index > 0)
            ok(distanceMs >= intervalMs / 4 && distanceMs <= intervalMs, `${distanceMs} of ${intervalMs} ms`);
        }
      }),
      100,
    );
    expect(runs).toBe(100);
  });
});

/** A step of `advance` may be longer or shorter. */
const INTERVAL_MS = 500;

/** Heartbeats and ACKs, with the times of heartbeats that may still be acknowledged. */
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
    const waiter: { expected: unknown; outcome: unknown } = { expected: 'waiting', outcome: 'waiting' };
    this.waiters.push(waiter);
    this.tracker.nextAck().then(
      (latencyMs) => (waiter.outcome = latencyMs),
      ({ code }: GatewayError) => (waiter.outcome = code),
    );
  }

  loseConnection(): void {
    this.sentAt = [];
    this.ping = null;
    this.#settle('CONNECTION_LOST');
    this.tracker.reset(new GatewayError('CONNECTION_LOST', 'from the test'));
  }

  async check(): Promise<void> {
    await turn();
    deepEqual(
      this.waiters.map(({ outcome }) => outcome),
      this.waiters.map(({ expected }) => expected),
    );
    deepEqual(this.tracker.awaitsAck, this.sentAt.length > 0);
    deepEqual(this.tracker.ping, this.ping);
  }

  #settle(outcome: unknown): void {
    for (const waiter of this.waiters) if (waiter.expected === 'waiting') waiter.expected = outcome;
  }
}

const steps = [
  fc.constant(step<HeartbeatTrackerModel>('send a heartbeat', (model) => model.sendHeartbeat())),
  fc.constant(step<HeartbeatTrackerModel>('an ACK comes', (model) => model.receiveAck())),
  fc.constant(step<HeartbeatTrackerModel>('wait for the next ACK', (model) => model.wait())),
  fc.constant(step<HeartbeatTrackerModel>('the connection is lost', (model) => model.loseConnection())),
  fc
    .nat({ max: 1_000 })
    .map((ms) => step<HeartbeatTrackerModel>(`advance ${ms} ms`, (model) => model.clock.advance(ms))),
  fc.constant(step<HeartbeatTrackerModel>('check', (model) => model.check())),
];

describe('HeartbeatTracker', () => {
  test('matches ACKs to heartbeats in order, and settles nextAck() at an ACK or a lost connection', async () => {
    const runs = await checkProperty(
      fc.asyncProperty(script(steps, 40), async (commands) => {
        const model = new HeartbeatTrackerModel();
        await runScript(model, commands);
        await model.check();
      }),
      100,
    );
    expect(runs).toBe(100);
  });
});
