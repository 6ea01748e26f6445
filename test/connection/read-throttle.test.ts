import { describe, expect, test } from 'vitest';
import { ReadThrottle } from '../../src/connection/read-throttle.ts';
import type { WebSocketLike } from '../../src/index.ts';
import { VirtualClock } from '../../src/testing/virtual-clock.ts';

function setUp() {
  const clock = new VirtualClock();
  const calls: string[] = [];
  const socket = { pause: () => void calls.push('pause'), resume: () => void calls.push('resume') };
  const intake = new ReadThrottle(clock, socket as WebSocketLike);
  /** Frames one after the other, each of which takes `ms`, with `idleMs` in between. */
  const frames = (count: number, ms: number, idleMs = 0): void => {
    for (let left = count; left > 0; left -= 1) {
      intake.startWork(clock.now());
      clock.sleep(ms);
      intake.endWork(clock.now());
      clock.sleep(idleMs);
    }
  };
  return { clock, calls, intake, frames };
}

describe('the intake of a socket', () => {
  test('rests after 10 ms of work and goes on in the next turn, again and again', () => {
    const { clock, calls, frames } = setUp();
    frames(9, 1);
    expect(calls).toEqual([]);
    // What has arrived in one piece still comes.
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

  test('has worked for 10 ms when it has, to the millisecond, and goes on with one work while no more than 1 ms is idle', () => {
    const [exact, close] = [setUp(), setUp()];
    exact.frames(10, 1);
    close.frames(6, 1, 1);
    expect(exact.calls).toEqual(['pause']);
    expect(close.calls).toEqual(['pause']);
  });

  test('does not rest from frames that come one by one', () => {
    const { calls, frames } = setUp();
    frames(1_000, 5, 2);
    expect(calls).toEqual([]);
  });

  test.each([
    ['the consumer first', ['consumer', 'yield']],
    ['the rest first', ['yield', 'consumer']],
  ] as const)('stays paused until nobody holds it, if %s lets go', (_who, order) => {
    const { calls, intake } = setUp();
    intake.pause('yield');
    intake.pause('consumer');
    intake.pause('consumer');
    expect(calls).toEqual(['pause']);
    intake.resume(order[0]);
    expect(calls).toEqual(['pause']);
    intake.resume(order[1]);
    intake.resume(order[1]);
    expect(calls).toEqual(['pause', 'resume']);
  });

  test('is not opened by the end of a rest while a consumer holds it', () => {
    const { clock, calls, intake, frames } = setUp();
    frames(11, 1);
    intake.pause('consumer');
    clock.advance(0);
    expect(calls).toEqual(['pause']);
    intake.resume('consumer');
    expect(calls).toEqual(['pause', 'resume']);
  });

  test('opens whoever is against it, and is paused again by a consumer that asks again', () => {
    const { clock, calls, intake, frames } = setUp();
    intake.pause('consumer');
    frames(11, 1);
    intake.forceResume();
    expect(calls).toEqual(['pause', 'resume']);
    expect(clock.pending).toBe(0);
    intake.pause('consumer');
    expect(calls).toEqual(['pause', 'resume', 'pause']);
  });

  test('leaves no timer once it is stopped', () => {
    const { clock, intake, frames } = setUp();
    frames(11, 1);
    expect(clock.pending).toBe(1);
    intake.stop();
    expect(clock.pending).toBe(0);
  });
});
