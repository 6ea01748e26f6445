import { describe, expect, test } from 'vitest';
import { array, assert, double, integer, property } from 'fast-check';
import { systemClock } from '../../src/clock.ts';
import { HeartbeatSlots, SLOTS_PER_INTERVAL, heartbeatSlotsOf } from '../../src/connection/heartbeat-slots.ts';
import { HeartbeatTracker } from '../../src/connection/heartbeat-tracker.ts';
import { GatewayError } from '../../src/protocol/errors.ts';
import { VirtualClock } from '../../src/testing/virtual-clock.ts';

const INTERVAL_MS = 40_000;
const LOST = new GatewayError('CONNECTION_LOST', 'gone');

/** A tracker whose first heartbeat is due after 10 s. */
function scheduled() {
  const clock = new VirtualClock({ startAt: 0 });
  const tracker = new HeartbeatTracker(clock);
  tracker.scheduleFirst(10_000, INTERVAL_MS);
  return { clock, tracker };
}

describe('HeartbeatTracker: schedule', () => {
  test.each([
    [0, null],
    [10_000, null],
    [10_001, 10_001],
    [39_000, 39_000],
  ])('a heartbeat that is %i ms late at an interval of 40 s is reported once as %s', (lateMs, lagMs) => {
    const { clock, tracker } = scheduled();
    clock.advance(10_000 + lateMs);
    tracker.scheduleNext();
    expect(tracker.consumeLagMs()).toEqual(lagMs);
    expect(tracker.consumeLagMs()).toBe(null);
  });

  test('an overdue heartbeat is reported with the lag at that time, not with that of the next heartbeat', () => {
    const { clock, tracker } = scheduled();
    clock.advance(10_000 + 20_000);
    tracker.markOverdue();
    const lagMs = tracker.consumeLagMs();
    clock.advance(5_000);
    tracker.scheduleNext();
    const lagMsAfterwards = tracker.consumeLagMs();
    clock.advance(60_000);
    tracker.scheduleNext();
    expect(lagMs).toBe(20_000);
    expect(lagMsAfterwards).toBe(null);
    expect(tracker.consumeLagMs()).toBe(45_000);
  });

  test.each([
    [29_999, 10_001],
    [30_000, 10_000],
    [30_001, 10_000],
    [3_600_000, 10_000],
  ])('after a heartbeat that is %i ms late the next one is due in %i ms', (lateMs, leftMs) => {
    const { clock, tracker } = scheduled();
    clock.advance(10_000 + lateMs);
    expect(tracker.scheduleNext()).toBe(leftMs);
  });

  test.each([
    [4_000, 4_000],
    [8_000, 5_000],
    [20_000, 5_000],
    [24_000, 6_000],
  ])('after a long sleep, at an interval of %i ms, the next heartbeat is due in %i ms', (intervalMs, leftMs) => {
    const clock = new VirtualClock({ startAt: 0 });
    const tracker = new HeartbeatTracker(clock);
    tracker.scheduleFirst(0, intervalMs);
    clock.advance(3_600_000);
    expect(tracker.scheduleNext()).toBe(leftMs);
  });

  test('no lag is reported before a heartbeat is due', () => {
    const tracker = new HeartbeatTracker(new VirtualClock({ startAt: 0 }));
    tracker.markOverdue();
    expect(tracker.consumeLagMs()).toBe(null);
    expect(tracker.scheduleNext()).toBe(0);
    expect(tracker.consumeLagMs()).toBe(null);
  });
});

describe('HeartbeatTracker: slots', () => {
  const partOfInterval = double({ min: 0, max: 1, maxExcluded: true, noNaN: true });
  const parts = array(partOfInterval, { minLength: 2, maxLength: 50 });
  const startsAt = double({ min: 1_600_000_000_000, max: 1_700_000_000_000, noNaN: true });
  const intervalMs = integer({ min: 50, max: 120_000 });

  test('the shards of a process send their heartbeats in 40 moments of an interval, however many they are', () => {
    assert(
      property(parts, startsAt, intervalMs, (delays, origin, interval) => {
        const clock = new VirtualClock({ startAt: 1_700_000_000_000 });
        const slots = new HeartbeatSlots(origin);
        const widthMs = interval / SLOTS_PER_INTERVAL;
        for (const part of delays) {
          const tracker = new HeartbeatTracker(clock, slots);
          let dueAt = clock.now() + tracker.scheduleFirst(part * interval, interval);
          for (let beat = 0; beat < 5; beat += 1) {
            const fromSlot = (dueAt - origin) / widthMs;
            expect(Math.abs(fromSlot - Math.round(fromSlot)) * widthMs).toBeLessThan(0.01);
            // A timer is late by part of a slot.
            clock.advance(dueAt - clock.now() + (widthMs * part) / 2);
            dueAt = clock.now() + tracker.scheduleNext();
          }
        }
      }),
    );
  });

  test('the first heartbeat comes after HELLO, less than a slot early, and late only if its slot was before HELLO', () => {
    assert(
      property(partOfInterval, startsAt, intervalMs, (part, origin, interval) => {
        const clock = new VirtualClock({ startAt: 1_700_000_000_000 });
        const widthMs = interval / SLOTS_PER_INTERVAL;
        const delayMs = new HeartbeatTracker(clock, new HeartbeatSlots(origin)).scheduleFirst(
          part * interval,
          interval,
        );
        expect(delayMs).toBeGreaterThanOrEqual(0);
        expect(delayMs).toBeGreaterThan(part * interval - widthMs - 0.01);
        expect(delayMs).toBeLessThan(Math.max(part * interval, widthMs) + 0.01);
      }),
    );
  });

  test('only real time has slots: in virtual time heartbeats come exactly when they are due', () => {
    expect(heartbeatSlotsOf(systemClock)).toBeInstanceOf(HeartbeatSlots);
    expect(heartbeatSlotsOf(new VirtualClock({ startAt: 0 }))).toBeNull();
  });
});

describe('HeartbeatTracker: ACKs', () => {
  test('each round trip is measured from its own heartbeat, and `ping` keeps the last one', () => {
    const { clock, tracker } = scheduled();
    tracker.recordSent();
    clock.advance(30);
    tracker.recordSent();
    clock.advance(70);
    const roundTrips = [
      tracker.recordAck(),
      tracker.ping,
      tracker.recordAck(),
      tracker.ping,
      tracker.recordAck(),
      tracker.ping,
    ];
    expect(roundTrips).toEqual([100, 100, 70, 70, null, 70]);
    expect(tracker.lastAckAt).toBe(100);
  });

  test('an ACK resolves every call of nextAck() once', async () => {
    const { clock, tracker } = scheduled();
    tracker.recordSent();
    const waiting = [tracker.nextAck(), tracker.nextAck()];
    clock.advance(25);
    tracker.recordAck();
    tracker.recordSent();
    const next = tracker.nextAck();
    clock.advance(7);
    tracker.recordAck();
    expect(await Promise.all([...waiting, next])).toEqual([25, 25, 7]);
  });

  test('`acknowledged` is null before the first heartbeat, then false until the ACK', () => {
    const { tracker } = scheduled();
    const before = [tracker.acknowledged, tracker.awaitsAck];
    tracker.recordSent();
    const unanswered = [tracker.acknowledged, tracker.awaitsAck];
    tracker.recordAck();
    expect(before).toEqual([null, false]);
    expect(unanswered).toEqual([false, true]);
    expect([tracker.acknowledged, tracker.awaitsAck]).toEqual([true, false]);
  });
});

describe('HeartbeatTracker: lost ACKs', () => {
  test('a lost ACK is not awaited after an interval', () => {
    const { clock, tracker } = scheduled();
    tracker.recordSent();
    clock.advance(100);
    tracker.recordSent();
    clock.advance(50);
    tracker.recordAck();
    const meanwhile = tracker.acknowledged;
    clock.advance(INTERVAL_MS);
    tracker.recordSent();
    clock.advance(50);
    expect(meanwhile).toBe(false);
    expect(tracker.recordAck()).toBe(50);
    expect(tracker.acknowledged).toBe(true);
    expect(tracker.awaitsAck).toBe(false);
  });

  test('one interval after a lost ACK, the next ACK counts for the new heartbeat', () => {
    const { clock, tracker } = scheduled();
    tracker.recordSent();
    clock.advance(INTERVAL_MS);
    tracker.recordSent();
    expect(tracker.recordAck()).toBe(0);
    expect(tracker.awaitsAck).toBe(false);
  });
});

describe('HeartbeatTracker: reset()', () => {
  test('rejects waiting calls and forgets the heartbeats and the lag of the old connection', async () => {
    const { clock, tracker } = scheduled();
    tracker.recordSent();
    const waiting = tracker.nextAck();
    clock.advance(30_000);
    tracker.markOverdue();
    tracker.reset(LOST);
    await expect(waiting).rejects.toBe(LOST);
    const reset = [tracker.consumeLagMs(), tracker.awaitsAck, tracker.recordAck()];
    tracker.scheduleFirst(1_000, INTERVAL_MS);
    const beforeFirstHeartbeat = tracker.acknowledged;
    clock.advance(1_000);
    const next = tracker.scheduleNext();
    clock.advance(60_000);
    tracker.scheduleNext();
    expect(reset).toEqual([null, false, null]);
    expect(beforeFirstHeartbeat).toBe(null);
    expect(next).toEqual(INTERVAL_MS);
    expect(tracker.consumeLagMs()).toBe(20_000);
  });

  test('the first late heartbeat of a new connection is reported, even if the old one was overdue', () => {
    const { clock, tracker } = scheduled();
    clock.advance(30_000);
    tracker.markOverdue();
    tracker.reset(LOST);
    tracker.scheduleFirst(1_000, INTERVAL_MS);
    clock.advance(1_000 + 20_000);
    tracker.scheduleNext();
    expect(tracker.consumeLagMs()).toBe(20_000);
  });

  test('rejects each waiting call once', async () => {
    const { tracker } = scheduled();
    const waiting = tracker.nextAck();
    tracker.reset(LOST);
    tracker.reset(new GatewayError('CONNECTION_LOST', 'again'));
    await expect(waiting).rejects.toBe(LOST);
  });
});
