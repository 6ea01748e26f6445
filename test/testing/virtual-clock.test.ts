import { describe, expect, it } from 'vitest';
import { VirtualClock } from '../../src/testing/virtual-clock.ts';

const START_AT = 1_000_000;

/** A clock whose timers write down their name and time. */
function recorder() {
  const clock = new VirtualClock({ startAt: START_AT });
  const log: [string, number][] = [];
  const note = (name: string) => (): void => void log.push([name, clock.now() - START_AT]);
  return { clock, log, note };
}

describe('VirtualClock', () => {
  it('begins at a fixed point in time unless told another', () => {
    expect([new VirtualClock().now(), new VirtualClock({ startAt: 5 }).now()]).toEqual([Date.UTC(2026, 0, 1), 5]);
  });

  it('stands still until it is moved', () => {
    const { clock, log, note } = recorder();
    clock.setTimeout(note('at once'), 0);
    expect([clock.now(), log]).toEqual([START_AT, []]);
  });

  it('runs timers in the order they are due, each at its own time', () => {
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

  it('runs timers due together in the order they were set', () => {
    const { clock, log, note } = recorder();
    clock.setTimeout(() => clock.setTimeout(note('late'), 5), 5);
    for (const name of ['a', 'b', 'c']) clock.setTimeout(note(name), 10);
    clock.advance(10);
    expect(log.map(([name]) => name)).toEqual(['a', 'b', 'c', 'late']);
  });

  it('runs timers that timers set, if they fall due in the same advance', () => {
    const { clock, log, note } = recorder();
    const beat = (): void => {
      note('beat')();
      clock.setTimeout(beat, 10);
    };
    clock.setTimeout(beat, 10);
    clock.advance(35);
    expect(log).toEqual([
      ['beat', 10],
      ['beat', 20],
      ['beat', 30],
    ]);
    expect(clock.nextDueAt).toBe(START_AT + 40);
  });

  it('runs a timer that is due exactly at the end, and none a moment later', () => {
    const { clock, log, note } = recorder();
    clock.setTimeout(note('at the end'), 10);
    clock.setTimeout(note('after'), 10.001);
    clock.advance(10);
    expect(log).toEqual([['at the end', 10]]);
  });

  it('does not run what is cleared, by a timer due at the same time either', () => {
    const { clock, log, note } = recorder();
    const handles: unknown[] = [];
    clock.setTimeout(() => clock.clearTimeout(handles[0]), 10);
    handles.push(clock.setTimeout(note('cleared'), 10));
    clock.advance(10);
    expect([log, clock.pending]).toEqual([[], 0]);
  });

  it('ignores the clearing of what is no timer', () => {
    const { clock } = recorder();
    clock.setTimeout(() => {}, 1);
    for (const handle of [undefined, null, 0, {}, 'timer']) clock.clearTimeout(handle);
    expect(clock.pending).toBe(1);
  });

  it.each([Number.NaN, -5, Number.NEGATIVE_INFINITY])('takes a delay of %d for 0', (delayMs) => {
    const { clock, log, note } = recorder();
    clock.setTimeout(note('due'), delayMs);
    clock.advance(0);
    expect(log).toEqual([['due', 0]]);
  });

  it('never runs a timer with an infinite delay', () => {
    const { clock, log, note } = recorder();
    clock.setTimeout(note('never'), Number.POSITIVE_INFINITY);
    clock.advance(1e12);
    expect([clock.next(), log, clock.pending, clock.nextDueAt]).toEqual([false, [], 1, Number.POSITIVE_INFINITY]);
  });

  it('goes from timer to timer with next()', () => {
    const { clock, log, note } = recorder();
    clock.setTimeout(note('one'), 1_000);
    clock.setTimeout(note('two'), 3_000);
    expect([clock.next(), clock.next(), clock.next()]).toEqual([true, true, false]);
    expect(log).toEqual([
      ['one', 1_000],
      ['two', 3_000],
    ]);
    expect([clock.now(), clock.pending, clock.nextDueAt]).toEqual([START_AT + 3_000, 0, null]);
  });

  it('never goes back when a timer moves time on by itself', () => {
    const { clock, log, note } = recorder();
    clock.setTimeout(() => clock.advance(50), 10);
    clock.setTimeout(note('overtaken'), 20);
    clock.advance(30);
    expect([log, clock.now()]).toEqual([[['overtaken', 20]], START_AT + 60]);
  });

  it('lets time pass with sleep() while nothing runs, and runs late what fell due in it', () => {
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

  it('throws what a timer throws, and can go on afterwards', () => {
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

  it('lets promises settle between timers with advanceAsync()', async () => {
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
    expect([log, clock.now()]).toEqual([
      [
        ['one', 10],
        ['two', 20],
      ],
      START_AT + 25,
    ]);
  });

  it('rejects from advanceAsync() with what a timer throws', async () => {
    const { clock } = recorder();
    clock.setTimeout(() => {
      throw new Error('from a timer');
    }, 10);
    await expect(clock.advanceAsync(10)).rejects.toThrow('from a timer');
  });

  it('turns a timer that sets itself anew without delay into an error instead of a hang', () => {
    const { clock } = recorder();
    const again = (): void => void clock.setTimeout(again, 0);
    again();
    expect(() => clock.advance(1)).toThrow('sets itself anew');
  });

  it.each([-1, Number.NaN, Number.POSITIVE_INFINITY])('refuses to move on by %d ms', async (ms) => {
    const clock = new VirtualClock();
    expect(() => clock.advance(ms)).toThrow(RangeError);
    await expect(clock.advanceAsync(ms)).rejects.toThrow(RangeError);
  });

  it('refuses to begin at no time at all', () => {
    expect(() => new VirtualClock({ startAt: Number.NaN })).toThrow(RangeError);
  });
});
