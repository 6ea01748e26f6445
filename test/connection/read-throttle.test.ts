import { describe, expect, test } from 'vitest';
import { ReadThrottle } from '../../src/connection/read-throttle.ts';
import type { WebSocketLike } from '../../src/index.ts';
import { VirtualClock } from '../../src/testing/virtual-clock.ts';

/** Watches nothing: what is found slow is tested in test/shard/slow-listeners.test.ts. */
const watch = { limitMs: Number.POSITIVE_INFINITY, startMessage: () => undefined, endSlowMessage: () => undefined };

function setUp() {
  const clock = new VirtualClock();
  const calls: string[] = [];
  const socket = { pause: () => void calls.push('pause'), resume: () => void calls.push('resume') };
  const throttle = new ReadThrottle(clock, socket as WebSocketLike, watch);
  /** Handles frames one after the other; each takes `ms`, with `idleMs` in between. */
  const frames = (count: number, ms: number, idleMs = 0): void => {
    for (let left = count; left > 0; left -= 1) {
      throttle.startWork(clock.now());
      clock.sleep(ms);
      throttle.endWork(clock.now());
      clock.sleep(idleMs);
    }
  };
  return { clock, calls, throttle, frames };
}

describe('ReadThrottle', () => {
  test('pauses the socket after 10 ms of work and resumes it in the next turn, each time', () => {
    const { clock, calls, frames } = setUp();
    frames(9, 1);
    expect(calls).toEqual([]);
    // Frames that arrived together are all handled.
    frames(5, 1);
    expect(calls).toEqual(['pause']);
    clock.advance(0);
    expect(calls).toEqual(['pause', 'resume']);
    frames(11, 1);
    expect(calls).toEqual(['pause', 'resume', 'pause']);
    clock.advance(0);
    expect(calls).toEqual(['pause', 'resume', 'pause', 'resume']);
    expect(clock.pending).toBe(0);
  });

  test('counts work to the millisecond', () => {
    const { calls, frames } = setUp();
    frames(9, 1);
    frames(1, 0.75);
    expect(calls).toEqual([]);
    frames(1, 0.25);
    expect(calls).toEqual(['pause']);
  });

  test('a gap of at most 1 ms makes up for as much work', () => {
    const { calls, frames } = setUp();
    frames(18, 1, 0.5);
    expect(calls).toEqual([]);
    frames(1, 1);
    expect(calls).toEqual(['pause']);
  });

  test('counts the time between frames that arrived together', () => {
    const { calls, frames } = setUp();
    frames(150, 1 / 32, 1 / 32);
    expect(calls).toEqual([]);
    frames(20, 1 / 32, 1 / 32);
    expect(calls).toEqual(['pause']);
  });

  test('does not pause for 1,250 events a second that are evenly spaced and keep it 10 % busy', () => {
    const { calls, frames } = setUp();
    frames(3_750, 0.08, 0.72);
    expect(calls).toEqual([]);
  });

  test('does not pause for frames with gaps between them', () => {
    const { calls, frames } = setUp();
    frames(1_000, 5, 2);
    expect(calls).toEqual([]);
  });

  test.each([
    ['the consumer, then the turn,', ['consumer', 'yield']],
    ['the turn, then the consumer,', ['yield', 'consumer']],
  ] as const)('stays paused until %s no longer pauses it', (_name, order) => {
    const { calls, throttle } = setUp();
    throttle.pause('yield');
    throttle.pause('consumer');
    throttle.pause('consumer');
    expect(calls).toEqual(['pause']);
    throttle.resume(order[0]);
    expect(calls).toEqual(['pause']);
    throttle.resume(order[1]);
    throttle.resume(order[1]);
    expect(calls).toEqual(['pause', 'resume']);
  });

  test('the next turn does not resume a socket that a consumer has paused', () => {
    const { clock, calls, throttle, frames } = setUp();
    frames(11, 1);
    throttle.pause('consumer');
    clock.advance(0);
    expect(calls).toEqual(['pause']);
    throttle.resume('consumer');
    expect(calls).toEqual(['pause', 'resume']);
  });

  test('reads for an ACK when its time has come, and the consumer pauses the socket again when the ACK is there', () => {
    const { clock, calls, throttle } = setUp();
    throttle.pause('consumer');
    throttle.expectAck(100);
    clock.advance(99);
    expect(calls).toEqual(['pause']);
    clock.advance(1);
    expect(calls).toEqual(['pause', 'resume']);
    throttle.resume('consumer');
    throttle.pause('consumer');
    expect(calls).toEqual(['pause', 'resume']);
    throttle.endAckWait();
    expect(calls).toEqual(['pause', 'resume', 'pause']);
    expect(clock.pending).toBe(0);
  });

  test('needs no timer for an ACK that comes in time, or without a pause', () => {
    const { clock, calls, throttle } = setUp();
    throttle.expectAck(100);
    expect(clock.pending).toBe(0);
    throttle.pause('consumer');
    throttle.endAckWait();
    expect(clock.pending).toBe(0);
    expect(calls).toEqual(['pause']);
  });

  test('drain() reads in spite of all pauses until a turn without frames', () => {
    const { clock, calls, throttle, frames } = setUp();
    const drained: number[] = [];
    throttle.pause('consumer');
    frames(11, 1);
    throttle.drain(() => drained.push(clock.now()));
    expect(calls).toEqual(['pause', 'resume']);
    frames(1, 0);
    clock.next();
    expect(drained).toEqual([]);
    clock.next();
    expect(drained.length).toBe(1);
    expect(clock.pending).toBe(0);
  });

  test('an ACK ends a drain, and the consumer pauses the socket again', () => {
    const { clock, calls, throttle } = setUp();
    throttle.pause('consumer');
    throttle.drain(() => expect.unreachable());
    throttle.endAckWait();
    expect(calls.at(-1)).toBe('pause');
    expect(clock.pending).toBe(0);
  });

  test('knows since when no consumer keeps the socket from being read', () => {
    const { clock, throttle, frames } = setUp();
    expect(throttle.readingSince).toBe(Number.NEGATIVE_INFINITY);
    frames(11, 1);
    expect(throttle.readingSince).toBe(Number.NEGATIVE_INFINITY);
    throttle.pause('consumer');
    throttle.expectAck(100);
    expect(throttle.readingSince).toBeNull();
    clock.advance(100);
    const forAckAt = clock.now();
    clock.advance(5);
    expect(throttle.readingSince).toBe(forAckAt);
    throttle.endAckWait();
    expect(throttle.readingSince).toBeNull();
    throttle.drain(() => undefined);
    expect(throttle.readingSince).toBe(forAckAt + 5);
    throttle.endAckWait();
    throttle.resume('consumer');
    clock.advance(5);
    expect(throttle.readingSince).toBe(forAckAt + 5);
  });

  test('stop() leaves no timer', () => {
    const { clock, throttle, frames } = setUp();
    frames(11, 1);
    expect(clock.pending).toBe(1);
    throttle.stop();
    expect(clock.pending).toBe(0);
  });
});
