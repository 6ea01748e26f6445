import { describe, expect, test } from 'vitest';
import { systemClock } from '../../src/clock.ts';
import { FrameTimer } from '../../src/connection/frame-timer.ts';
import { VirtualClock } from '../../src/testing/virtual-clock.ts';

/** A clock of real time that counts how often it is read, and its stopwatch. */
function realTime() {
  const time = { now: 1_000, elapsed: 50, reads: 0 };
  const now = (): number => {
    time.reads += 1;
    return time.now;
  };
  const pass = (ms: number): void => {
    time.now += ms;
    time.elapsed += ms;
  };
  return { time, pass, timer: new FrameTimer({ ...systemClock, now }, () => time.elapsed) };
}

describe('FrameTimer', () => {
  test('reads the clock once for all frames that arrived together', () => {
    const { time, pass, timer } = realTime();
    const frames: [start: number, end: number][] = [];
    for (let count = 0; count < 3; count += 1) {
      const start = timer.start();
      pass(2);
      frames.push([start, timer.end()]);
    }
    expect(frames).toEqual([
      [1_000, 1_002],
      [1_002, 1_004],
      [1_004, 1_006],
    ]);
    expect(time.reads).toBe(1);
  });

  test('counts the time between frames that arrived together as work on the next', () => {
    const { pass, timer } = realTime();
    timer.start();
    timer.end();
    pass(3);
    expect(timer.start()).toBe(1_000);
    expect(timer.end()).toBe(1_003);
  });

  test('reads the clock again in the next turn, and notices that the machine was suspended', async () => {
    const { time, timer } = realTime();
    timer.start();
    timer.end();
    await Promise.resolve();
    time.now += 60_000;
    expect(timer.start()).toBe(61_000);
    expect(timer.end()).toBe(61_000);
  });

  test('does not take a suspension for work on a frame', () => {
    const { time, timer } = realTime();
    const start = timer.start();
    time.now += 60_000;
    expect(timer.end() - start).toBe(0);
  });

  test('reads a clock that is not of real time before and after each frame', () => {
    const clock = new VirtualClock({ startAt: 0 });
    const timer = new FrameTimer(clock);
    expect(timer.start()).toBe(0);
    clock.sleep(5);
    expect(timer.end()).toBe(5);
    clock.sleep(10);
    expect(timer.start()).toBe(15);
  });

  test('measures real time in ms since the epoch', async () => {
    const timer = new FrameTimer(systemClock);
    const before = Date.now();
    const start = timer.start();
    const end = timer.end();
    expect(start).toBeGreaterThanOrEqual(before - 1_000);
    expect(end).toBeGreaterThanOrEqual(start);
    await Promise.resolve();
    expect(timer.start()).toBeGreaterThanOrEqual(start);
  });
});
