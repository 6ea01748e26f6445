import { describe, expect, test } from 'vitest';
import { VirtualClock } from '../../src/testing/virtual-clock.ts';

const START_AT = 1_000_000;

/** A clock, and a factory for timers that log their name and time. */
function recorder() {
  const clock = new VirtualClock({ startAt: START_AT });
  const log: [string, number][] = [];
  const note = (name: string) => (): void => void log.push([name, clock.now() - START_AT]);
  return { clock, log, note };
}

describe('VirtualClock', () => {
  test('begins at a fixed time, or at startAt', () => {
    expect(new VirtualClock().now()).toBe(Date.UTC(2026, 0, 1));
    expect(new VirtualClock({ startAt: 5 }).now()).toBe(5);
  });

  test('stands still until a test moves it', () => {
    const { clock, log, note } = recorder();
    clock.setTimeout(note('at once'), 0);
    expect(clock.now()).toBe(START_AT);
    expect(log).toEqual([]);
  });

  test('runs timers in the order they are due, each at its own time', () => {
    const { clock, log, note } = recorder();
    clock.setTimeout(note('third'), 30);
    clock.setTimeout(note('first'), 10);
    clock.setTimeout(note('second'), 20.5);
    clock.advance(100);
    expect(log).toEqual([
      ['first', 10],
      ['second', 20.5],
      ['third', 30],
    ]);
    expect(clock.now()).toBe(START_AT + 100);
  });

  test('runs timers that are due together in the order they were set', () => {
    const { clock, log, note } = recorder();
    clock.setTimeout(() => clock.setTimeout(note('late'), 5), 5);
    for (const name of ['a', 'b', 'c']) clock.setTimeout(note(name), 10);
    clock.advance(10);
    expect(log.map(([name]) => name)).toEqual(['a', 'b', 'c', 'late']);
  });

  test('runs timers that other timers set, if they are due in the same advance()', () => {
    const { clock, log, note } = recorder();
    const tick = (): void => {
      note('tick')();
      clock.setTimeout(tick, 10);
    };
    clock.setTimeout(tick, 10);
    clock.advance(35);
    expect(log).toEqual([
      ['tick', 10],
      ['tick', 20],
      ['tick', 30],
    ]);
    expect(clock.nextDueAt).toBe(START_AT + 40);
  });

  test('runs a timer that is due exactly at the end, and not one that is due later', () => {
    const { clock, log, note } = recorder();
    clock.setTimeout(note('at the end'), 10);
    clock.setTimeout(note('after'), 10.001);
    clock.advance(10);
    expect(log).toEqual([['at the end', 10]]);
  });

  test('does not run a timer that another one due at the same time has cleared', () => {
    const { clock, log, note } = recorder();
    const handles: unknown[] = [];
    clock.setTimeout(() => clock.clearTimeout(handles[0]), 10);
    handles.push(clock.setTimeout(note('cleared'), 10));
    clock.advance(10);
    expect(log).toEqual([]);
    expect(clock.pending).toBe(0);
  });

  test('clearTimeout() ignores a handle that is not a timer', () => {
    const { clock } = recorder();
    clock.setTimeout(() => {}, 1);
    for (const handle of [undefined, null, 0, {}, 'timer']) clock.clearTimeout(handle);
    expect(clock.pending).toBe(1);
  });

  test.each([Number.NaN, -5, Number.NEGATIVE_INFINITY])('treats a delay of %d as 0', (delayMs) => {
    const { clock, log, note } = recorder();
    clock.setTimeout(note('due'), delayMs);
    clock.advance(0);
    expect(log).toEqual([['due', 0]]);
  });

  test('does not run a timer with an infinite delay', () => {
    const { clock, log, note } = recorder();
    clock.setTimeout(note('never'), Number.POSITIVE_INFINITY);
    clock.advance(1e12);
    expect(clock.next()).toBe(false);
    expect(log).toEqual([]);
    expect(clock.pending).toBe(1);
    expect(clock.nextDueAt).toBe(Number.POSITIVE_INFINITY);
  });

  test('next() runs one timer after the other', () => {
    const { clock, log, note } = recorder();
    clock.setTimeout(note('one'), 1_000);
    clock.setTimeout(note('two'), 3_000);
    expect([clock.next(), clock.next(), clock.next()]).toEqual([true, true, false]);
    expect(log).toEqual([
      ['one', 1_000],
      ['two', 3_000],
    ]);
    expect(clock.now()).toBe(START_AT + 3_000);
    expect(clock.pending).toBe(0);
    expect(clock.nextDueAt).toBeNull();
  });

  test('does not move back when a timer moves time forward', () => {
    const { clock, log, note } = recorder();
    clock.setTimeout(() => clock.advance(50), 10);
    clock.setTimeout(note('overtaken'), 20);
    clock.advance(30);
    expect(log).toEqual([['overtaken', 20]]);
    expect(clock.now()).toBe(START_AT + 60);
  });

  test('sleep() moves time without running timers, which then run late', () => {
    const { clock, log, note } = recorder();
    clock.setTimeout(note('overslept'), 10);
    clock.setTimeout(note('in time'), 120);
    clock.sleep(100);
    expect(log).toEqual([]);
    clock.advance(20);
    expect(log).toEqual([
      ['overslept', 100],
      ['in time', 120],
    ]);
  });

  test('throws the error of a timer, and works afterwards', () => {
    const { clock, log, note } = recorder();
    clock.setTimeout(() => {
      throw new Error('from a timer');
    }, 10);
    clock.setTimeout(note('next'), 20);
    expect(() => clock.advance(100)).toThrow('from a timer');
    expect(clock.now()).toBe(START_AT + 10);
    clock.advance(10);
    expect(log).toEqual([['next', 20]]);
  });

  test('advanceAsync() lets promises settle between timers', async () => {
    const { clock, log, note } = recorder();
    const wait = (ms: number): Promise<void> => new Promise((resolve) => void clock.setTimeout(resolve, ms));
    const chain = async (): Promise<void> => {
      await Promise.resolve();
      for (const name of ['one', 'two', 'three']) {
        await wait(10);
        note(name)();
      }
    };
    void chain();
    await clock.advanceAsync(25);
    expect(log).toEqual([
      ['one', 10],
      ['two', 20],
    ]);
    expect(clock.now()).toBe(START_AT + 25);
  });

  test('advanceAsync() rejects with the error of a timer', async () => {
    const { clock } = recorder();
    clock.setTimeout(() => {
      throw new Error('from a timer');
    }, 10);
    await expect(clock.advanceAsync(10)).rejects.toThrow('from a timer');
  });

  test('throws when a timer sets itself again with a delay of 0, instead of hanging', () => {
    const { clock } = recorder();
    const again = (): void => void clock.setTimeout(again, 0);
    again();
    expect(() => clock.advance(1)).toThrow('sets itself again');
  });

  test.each([-1, Number.NaN, Number.POSITIVE_INFINITY])('throws a RangeError for a move of %d ms', async (ms) => {
    const clock = new VirtualClock();
    expect(() => clock.advance(ms)).toThrow(RangeError);
    await expect(clock.advanceAsync(ms)).rejects.toThrow(RangeError);
  });

  test('throws a RangeError for a startAt that is not a number', () => {
    expect(() => new VirtualClock({ startAt: Number.NaN })).toThrow(RangeError);
  });
});
