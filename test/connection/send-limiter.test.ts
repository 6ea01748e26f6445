import * as fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import { SendLimiter } from '../../src/connection/send-limiter.ts';
import type { FrameKind } from '../../src/connection/send-limiter.ts';
import { VirtualClock } from '../../src/testing/virtual-clock.ts';

const INTERVAL_MS = 41_250;
/** Beats of that interval in 60 s (2, and one at the edge), and two that the gateway may ask for. */
const COMMANDS = 120 - 3 - 2;

function newLimiter(intervalMs: number = INTERVAL_MS) {
  const clock = new VirtualClock();
  const limiter = new SendLimiter({ clock });
  limiter.reserveHeartbeats(intervalMs);
  return { clock, limiter };
}

/** Sends for as long as it is allowed; gives back how many went. */
function sendAll(limiter: SendLimiter, kind: FrameKind): number {
  let frames = 0;
  for (; frames < 500 && limiter.delayMs(kind) === 0; frames += 1) limiter.record(kind);
  return frames;
}

describe('SendLimiter', () => {
  test('leaves room for the beats of a minute, and for two that the gateway asks for', () => {
    const { limiter } = newLimiter();
    expect(sendAll(limiter, 'command')).toBe(COMMANDS);
  });

  test('counts beats and handshake like any other frame', () => {
    const { limiter } = newLimiter();
    for (const kind of ['handshake', 'heartbeat', 'heartbeat'] as const) limiter.record(kind);
    expect(sendAll(limiter, 'command')).toBe(COMMANDS - 3);
  });

  test('never holds back beats and handshake', () => {
    const { limiter } = newLimiter();
    expect(sendAll(limiter, 'heartbeat')).toBe(500);
    expect(sendAll(limiter, 'handshake')).toBe(500);
  });

  test('lets priority and answers to the gateway into the reserve, but not into the room of scheduled beats', () => {
    const { limiter } = newLimiter();
    sendAll(limiter, 'command');
    expect(limiter.delayMs('reply') === 0).toBe(true);
    expect(sendAll(limiter, 'priority')).toBe(2);
    expect(limiter.delayMs('reply')).toBeGreaterThan(0);
  });

  test('tells to the millisecond when the next frame may go, half a second after the window', () => {
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

  test('lets nothing through at the seam of two minutes', () => {
    const { clock, limiter } = newLimiter();
    clock.advance(59_999);
    sendAll(limiter, 'command');
    clock.advance(2);
    expect(sendAll(limiter, 'command')).toBe(0);
  });

  test('lets five presences through in 20 s', () => {
    const { clock, limiter } = newLimiter();
    expect(sendAll(limiter, 'presence')).toBe(5);
    expect(limiter.delayMs('presence')).toBe(20_500);
    expect(limiter.delayMs('command')).toBe(0);
    clock.advance(20_500);
    expect(sendAll(limiter, 'presence')).toBe(5);
  });

  test('holds a presence back for the minute too', () => {
    const { limiter } = newLimiter();
    sendAll(limiter, 'command');
    expect(limiter.delayMs('presence')).toBe(60_500);
  });

  test.each([
    ['60 commands a minute, however fast the beats', 50, 60],
    ['60 commands a minute when the interval is 0', 0, 60],
    ['room for a single beat when the interval is a day', 86_400_000, 116],
    ['nothing for an interval that is no number', Number.NaN, 118],
    ['nothing for an interval below 0', -1, 118],
  ])('keeps %s', (_what, intervalMs, commands) => {
    const { limiter } = newLimiter(intervalMs);
    expect(sendAll(limiter, 'command')).toBe(commands);
  });

  test('shows how many frames went in the last minute, and how many may', () => {
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

  test.each([-60_000, -1, Number.NaN])('keeps the room it has for an interval of %d', (intervalMs) => {
    const { limiter } = newLimiter();
    limiter.reserveHeartbeats(intervalMs);
    expect(sendAll(limiter, 'command')).toBe(COMMANDS);
  });

  test('gives a new connection a fresh budget', () => {
    const { clock, limiter } = newLimiter();
    sendAll(limiter, 'command');
    expect(new SendLimiter({ clock }).delayMs('command')).toBe(0);
  });

  test('never lets more than 120 frames into any 60 s, nor delays a beat, whatever is sent when', () => {
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
      fc.property(intervals, fc.nat({ max: 60_000 }), bursts, (intervalMs, firstBeatMs, script) => {
        const { clock, limiter } = newLimiter(intervalMs);
        const sentAt: number[] = [];
        const heldBack: FrameKind[] = [];
        const send = (kind: FrameKind): void => {
          limiter.record(kind);
          sentAt.push(clock.now());
        };
        const beat = (): void => {
          if (limiter.delayMs('heartbeat') > 0) heldBack.push('heartbeat');
          send('heartbeat');
          clock.setTimeout(beat, intervalMs);
        };
        send('handshake');
        clock.setTimeout(beat, firstBeatMs % intervalMs);
        for (const { pauseMs, kind, frames } of script) {
          clock.advance(pauseMs);
          for (let left = frames; left > 0 && limiter.delayMs(kind) === 0; left -= 1) send(kind);
          // Whatever waits is sent at the very moment that was given for it.
          clock.advance(limiter.delayMs(kind));
          if (limiter.delayMs(kind) === 0) send(kind);
        }
        expect({ most: mostWithin(sentAt, 60_000) <= 120, heldBack }).toEqual({ most: true, heldBack: [] });
      }),
      { numRuns: 150 },
    );
  });

  test('never lets more than 5 presences into any 20 s', () => {
    fc.assert(
      fc.property(fc.array(fc.nat({ max: 25_000 }), { maxLength: 60 }), (pauses) => {
        const { clock, limiter } = newLimiter();
        const sentAt: number[] = [];
        for (const pauseMs of pauses) {
          clock.advance(pauseMs);
          for (let frames = sendAll(limiter, 'presence'); frames > 0; frames -= 1) sentAt.push(clock.now());
        }
        expect(mostWithin(sentAt, 20_000)).toBeLessThanOrEqual(5);
      }),
      { numRuns: 100 },
    );
  });
});

/** The most frames in any window of that length, both of its ends included. */
function mostWithin(sentAt: readonly number[], windowMs: number): number {
  let first = 0;
  let most = 0;
  for (const [last, at] of sentAt.entries()) {
    while (at - (sentAt[first] ?? at) > windowMs) first += 1;
    most = Math.max(most, last - first + 1);
  }
  return most;
}
