import * as fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import { SendLimiter } from '../../src/connection/send-limiter.ts';
import type { FrameKind } from '../../src/connection/send-limiter.ts';
import { VirtualClock } from '../../src/testing/virtual-clock.ts';

const INTERVAL_MS = 41_250;
/** Reserves the heartbeats of 60 s (2, and one at the border) and two that the gateway may request. */
const COMMANDS = 120 - 3 - 2;

function newLimiter(intervalMs: number = INTERVAL_MS) {
  const clock = new VirtualClock();
  const limiter = new SendLimiter({ clock });
  limiter.reserveHeartbeats(intervalMs);
  return { clock, limiter };
}

/** Sends while the limiter allows it. Returns the number of frames sent. */
function sendAll(limiter: SendLimiter, kind: FrameKind): number {
  let frames = 0;
  for (; frames < 500 && limiter.delayMs(kind) === 0; frames += 1) limiter.record(kind);
  return frames;
}

describe('SendLimiter', () => {
  test('reserves capacity for the heartbeats of a minute, and for two that the gateway requests', () => {
    const { limiter } = newLimiter();
    expect(sendAll(limiter, 'command')).toBe(COMMANDS);
  });

  test('counts heartbeats and the handshake like any other frame', () => {
    const { limiter } = newLimiter();
    for (const kind of ['handshake', 'heartbeat', 'heartbeat'] as const) limiter.record(kind);
    expect(sendAll(limiter, 'command')).toBe(COMMANDS - 3);
  });

  test('never delays heartbeats and the handshake', () => {
    const { limiter } = newLimiter();
    expect(sendAll(limiter, 'heartbeat')).toBe(500);
    expect(sendAll(limiter, 'handshake')).toBe(500);
  });

  test('priority frames and requested heartbeats may use the reserve, except that of scheduled heartbeats', () => {
    const { limiter } = newLimiter();
    sendAll(limiter, 'command');
    expect(limiter.delayMs('reply') === 0).toBe(true);
    expect(sendAll(limiter, 'priority')).toBe(2);
    expect(limiter.delayMs('reply')).toBeGreaterThan(0);
  });

  test('returns the exact delay of the next frame, half a second after the window', () => {
    const { clock, limiter } = newLimiter();
    limiter.record('command');
    clock.advance(1_000);
    sendAll(limiter, 'command');
    expect(limiter.delayMs('command')).toBe(59_500);
    clock.advance(59_499);
    expect(limiter.delayMs('command')).toBe(1);
    clock.advance(1);
    expect(sendAll(limiter, 'command')).toBe(1);
    expect(limiter.delayMs('command')).toBe(1_000);
  });

  test('allows no extra frames at the border of two minutes', () => {
    const { clock, limiter } = newLimiter();
    clock.advance(59_999);
    sendAll(limiter, 'command');
    clock.advance(2);
    expect(sendAll(limiter, 'command')).toBe(0);
  });

  test('allows five presences in 20 s', () => {
    const { clock, limiter } = newLimiter();
    expect(sendAll(limiter, 'presence')).toBe(5);
    expect(limiter.delayMs('presence')).toBe(20_500);
    expect(limiter.delayMs('command')).toBe(0);
    clock.advance(20_500);
    expect(sendAll(limiter, 'presence')).toBe(5);
  });

  test('delays a presence for the limit of all frames too', () => {
    const { limiter } = newLimiter();
    sendAll(limiter, 'command');
    expect(limiter.delayMs('presence')).toBe(60_500);
  });

  test.each([
    ['60 commands a minute for a very short interval', 50, 60],
    ['60 commands a minute for an interval of 0', 0, 60],
    ['116 commands for an interval of a day', 86_400_000, 116],
    ['118 commands for an interval that is not a number', Number.NaN, 118],
    ['118 commands for a negative interval', -1, 118],
  ])('allows %s', (_name, intervalMs, commands) => {
    const { limiter } = newLimiter(intervalMs);
    expect(sendAll(limiter, 'command')).toBe(commands);
  });

  test('`window` has the number of frames in the last minute, and the limit', () => {
    const { clock, limiter } = newLimiter();
    const shown = [limiter.window.used];
    limiter.record('command');
    clock.advance(1_000);
    for (const kind of ['heartbeat', 'presence'] as const) limiter.record(kind);
    shown.push(limiter.window.used);
    for (const ms of [58_999, 1, 999, 1]) {
      clock.advance(ms);
      shown.push(limiter.window.used);
    }
    expect(shown).toEqual([0, 3, 3, 2, 2, 0]);
    expect(limiter.window.limit).toBe(120);
  });

  test.each([-60_000, -1, Number.NaN])('keeps the reserve when the interval is %d', (intervalMs) => {
    const { limiter } = newLimiter();
    limiter.reserveHeartbeats(intervalMs);
    expect(sendAll(limiter, 'command')).toBe(COMMANDS);
  });

  test('a new limiter has its full capacity', () => {
    const { clock, limiter } = newLimiter();
    sendAll(limiter, 'command');
    expect(new SendLimiter({ clock }).delayMs('command')).toBe(0);
  });

  test('never allows more than 120 frames in any 60 s, nor delays a scheduled heartbeat', () => {
    const kinds = fc.constantFrom<FrameKind>('command', 'command', 'presence', 'priority', 'reply');
    const bursts = fc.array(
      fc.record({ pauseMs: fc.nat({ max: 30_000 }), kind: kinds, frames: fc.integer({ min: 1, max: 150 }) }),
      {
        minLength: 1,
        maxLength: 30,
      },
    );
    const intervals = fc.integer({ min: 1_100, max: 60_000 });
    fc.assert(
      fc.property(intervals, fc.nat({ max: 60_000 }), bursts, (intervalMs, firstHeartbeatMs, script) => {
        const { clock, limiter } = newLimiter(intervalMs);
        const sentAt: number[] = [];
        const delayed: FrameKind[] = [];
        const send = (kind: FrameKind): void => {
          limiter.record(kind);
          sentAt.push(clock.now());
        };
        const heartbeat = (): void => {
          if (limiter.delayMs('heartbeat') > 0) delayed.push('heartbeat');
          send('heartbeat');
          clock.setTimeout(heartbeat, intervalMs);
        };
        send('handshake');
        clock.setTimeout(heartbeat, firstHeartbeatMs % intervalMs);
        for (const { pauseMs, kind, frames } of script) {
          clock.advance(pauseMs);
          for (let left = frames; left > 0 && limiter.delayMs(kind) === 0; left -= 1) send(kind);
          // A delayed frame is sent exactly after its delay.
          clock.advance(limiter.delayMs(kind));
          if (limiter.delayMs(kind) === 0) send(kind);
        }
        expect({ isWithinLimit: maxWithin(sentAt, 60_000) <= 120, delayed }).toEqual({
          isWithinLimit: true,
          delayed: [],
        });
      }),
      { numRuns: 150 },
    );
  });

  test('never allows more than 5 presences in any 20 s', () => {
    fc.assert(
      fc.property(fc.array(fc.nat({ max: 25_000 }), { maxLength: 60 }), (pauses) => {
        const { clock, limiter } = newLimiter();
        const sentAt: number[] = [];
        for (const pauseMs of pauses) {
          clock.advance(pauseMs);
          for (let frames = sendAll(limiter, 'presence'); frames > 0; frames -= 1) sentAt.push(clock.now());
        }
        expect(maxWithin(sentAt, 20_000)).toBeLessThanOrEqual(5);
      }),
      { numRuns: 100 },
    );
  });
});

/** Returns the max number of frames in any window of that length, both ends included. */
function maxWithin(sentAt: readonly number[], windowMs: number): number {
  let first = 0;
  let max = 0;
  for (const [last, at] of sentAt.entries()) {
    while (at - (sentAt[first] ?? at) > windowMs) first += 1;
    max = Math.max(max, last - first + 1);
  }
  return max;
}
