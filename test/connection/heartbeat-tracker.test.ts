import { describe, expect, test } from 'vitest';
import { HeartbeatTracker } from '../../src/connection/heartbeat-tracker.ts';
import { GatewayError } from '../../src/protocol/errors.ts';
import { VirtualClock } from '../../src/testing/virtual-clock.ts';

const INTERVAL_MS = 40_000;
const LOST = new GatewayError('CONNECTION_LOST', 'gone');

/** A pulse whose first beat is due after 10 s. */
function scheduled() {
  const clock = new VirtualClock({ startAt: 0 });
  const pulse = new HeartbeatTracker(clock);
  pulse.scheduleFirst(10_000, INTERVAL_MS);
  return { clock, pulse };
}

describe('a beat', () => {
  test.each([
    [0, null],
    [10_000, null],
    [10_001, 10_001],
    [39_000, 39_000],
  ])('that is %i ms late at an interval of 40 s is told of as %s, once', (lateMs, told) => {
    const { clock, pulse } = scheduled();
    clock.advance(10_000 + lateMs);
    pulse.scheduleNext();
    expect(pulse.consumeLagMs()).toEqual(told);
    expect(pulse.consumeLagMs()).toBe(null);
  });

  test('that is late with its verdict is told of by the time of the verdict, not of the beat that follows', () => {
    const { clock, pulse } = scheduled();
    clock.advance(10_000 + 20_000);
    pulse.markOverdue();
    const told = pulse.consumeLagMs();
    clock.advance(5_000);
    pulse.scheduleNext();
    const again = pulse.consumeLagMs();
    clock.advance(60_000);
    pulse.scheduleNext();
    expect(told).toBe(20_000);
    expect(again).toBe(null);
    expect(pulse.consumeLagMs()).toBe(45_000);
  });

  test.each([
    [29_999, 10_001],
    [30_000, 10_000],
    [30_001, INTERVAL_MS],
  ])(
    'that is %i ms late leaves %i ms to the next: the schedule is kept as long as a quarter of the interval is left',
    (lateMs, leftMs) => {
      const { clock, pulse } = scheduled();
      clock.advance(10_000 + lateMs);
      expect(pulse.scheduleNext()).toBe(leftMs);
    },
  );

  test('is not late before one is due', () => {
    const pulse = new HeartbeatTracker(new VirtualClock({ startAt: 0 }));
    pulse.markOverdue();
    expect(pulse.consumeLagMs()).toBe(null);
    expect(pulse.scheduleNext()).toBe(0);
    expect(pulse.consumeLagMs()).toBe(null);
  });
});

describe('an answer', () => {
  test('is measured from its own beat, and the last one is kept', () => {
    const { clock, pulse } = scheduled();
    pulse.recordSent();
    clock.advance(30);
    pulse.recordSent();
    clock.advance(70);
    const trips = [pulse.recordAck(), pulse.ping, pulse.recordAck(), pulse.ping, pulse.recordAck(), pulse.ping];
    expect(trips).toEqual([100, 100, 70, 70, null, 70]);
    expect(pulse.lastAckAt).toBe(100);
  });

  test('settles everybody who waits for it, and nobody twice', async () => {
    const { clock, pulse } = scheduled();
    pulse.recordSent();
    const waiting = [pulse.nextAck(), pulse.nextAck()];
    clock.advance(25);
    pulse.recordAck();
    pulse.recordSent();
    const next = pulse.nextAck();
    clock.advance(7);
    pulse.recordAck();
    expect(await Promise.all([...waiting, next])).toEqual([25, 25, 7]);
  });

  test('is known to be missing only after a beat', () => {
    const { pulse } = scheduled();
    const before = [pulse.acknowledged, pulse.awaitsAck];
    pulse.recordSent();
    const unanswered = [pulse.acknowledged, pulse.awaitsAck];
    pulse.recordAck();
    expect(before).toEqual([null, false]);
    expect(unanswered).toEqual([false, true]);
    expect([pulse.acknowledged, pulse.awaitsAck]).toEqual([true, false]);
  });
});

describe('an ACK that is lost', () => {
  test('is not waited for once an interval has passed', () => {
    const { clock, pulse } = scheduled();
    pulse.recordSent();
    clock.advance(100);
    pulse.recordSent();
    clock.advance(50);
    pulse.recordAck();
    const meanwhile = pulse.acknowledged;
    clock.advance(INTERVAL_MS);
    pulse.recordSent();
    clock.advance(50);
    expect(meanwhile).toBe(false);
    expect(pulse.recordAck()).toBe(50);
    expect(pulse.acknowledged).toBe(true);
    expect(pulse.awaitsAck).toBe(false);
  });
});

test('an ACK that comes with the beat one interval after a lost one is taken for that of the new beat', () => {
  const { clock, pulse } = scheduled();
  pulse.recordSent();
  clock.advance(INTERVAL_MS);
  pulse.recordSent();
  expect(pulse.recordAck()).toBe(0);
  expect(pulse.awaitsAck).toBe(false);
});

describe('a new connection', () => {
  test('owes nothing of what the old one did, and whoever waited for an answer is told', async () => {
    const { clock, pulse } = scheduled();
    pulse.recordSent();
    const waiting = pulse.nextAck();
    clock.advance(30_000);
    pulse.markOverdue();
    pulse.reset(LOST);
    await expect(waiting).rejects.toBe(LOST);
    const reset = [pulse.consumeLagMs(), pulse.awaitsAck, pulse.recordAck()];
    pulse.scheduleFirst(1_000, INTERVAL_MS);
    const beforeItsBeat = pulse.acknowledged;
    clock.advance(1_000);
    const next = pulse.scheduleNext();
    clock.advance(60_000);
    pulse.scheduleNext();
    expect(reset).toEqual([null, false, null]);
    expect(beforeItsBeat).toBe(null);
    expect(next).toEqual(INTERVAL_MS);
    expect(pulse.consumeLagMs()).toBe(20_000);
  });

  test('is told that its first beat is late, whatever the last of the old one was', () => {
    const { clock, pulse } = scheduled();
    clock.advance(30_000);
    pulse.markOverdue();
    pulse.reset(LOST);
    pulse.scheduleFirst(1_000, INTERVAL_MS);
    clock.advance(1_000 + 20_000);
    pulse.scheduleNext();
    expect(pulse.consumeLagMs()).toBe(20_000);
  });

  test('tells nobody twice that the old one is lost', async () => {
    const { pulse } = scheduled();
    const waiting = pulse.nextAck();
    pulse.reset(LOST);
    pulse.reset(new GatewayError('CONNECTION_LOST', 'again'));
    await expect(waiting).rejects.toBe(LOST);
  });
});
