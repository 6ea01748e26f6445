import type { AnyMachineSnapshot, AnyStateMachine, EventFromLogic } from 'xstate';
import { describe, expect, test } from 'vitest';
import { TimedState } from '../../../src/testing/index.ts';
import type { Outcome } from '../../../src/testing/index.ts';
import { alarm, chain, odd, heartbeat, race, regions, tries } from './small-machines.ts';

/** Returns the outcome after each step. A step is an event or the earliest timer. */
function walk<Machine extends AnyStateMachine>(
  first: Outcome<Machine>,
  steps: readonly (EventFromLogic<Machine>['type'] | 'TIMER')[],
) {
  const outcomes = [first];
  for (const name of steps) {
    const { state } = outcomes.at(-1)!;
    const step = state.steps([{ type: name } as EventFromLogic<Machine>]).at(name === 'TIMER' ? -1 : 0)!;
    outcomes.push(state.take(step));
  }
  return outcomes.map(({ state, microsteps }) => ({
    value: (state.snapshot as AnyMachineSnapshot).value,
    at: state.at,
    microsteps,
  }));
}

const dueAt = <Machine extends AnyStateMachine>({ state }: Outcome<Machine>): number[] =>
  state.timers.map((timer) => timer.dueAt);

describe('TimedState', () => {
  test('fires chained delays one by one, each at its own time', () => {
    expect(walk(TimedState.initial(chain), ['TIMER', 'TIMER', 'TIMER'])).toEqual([
      { value: 'a', at: 0, microsteps: [] },
      { value: 'b', at: 100, microsteps: [['chain.a after 100 [0]']] },
      { value: 'c', at: 200, microsteps: [['chain.b after 100 [0]']] },
      { value: 'd', at: 300, microsteps: [['chain.c after 100 [0]']] },
    ]);
  });

  test('does not fire a delay before an earlier one, and cancels the delays of a state that is left', () => {
    const first = TimedState.initial(race);
    expect(first.state.steps([])).toEqual([
      { type: 'timer', event: { type: 'xstate.after.5000.race.running' }, at: 5_000 },
    ]);
    const early = first.state.take(first.state.steps([])[0]!);
    expect(early.state.snapshot.value).toBe('early');
    expect(early.state.timers).toEqual([]);
  });

  test('keeps the due times of each region', () => {
    expect(walk(TimedState.initial(regions), ['TIMER', 'TIMER', 'TIMER']).map(({ value, at }) => [value, at])).toEqual([
      [{ both: { slow: 'off', quick: 'off' } }, 0],
      [{ both: { slow: 'off', quick: 'on' } }, 10],
      [{ both: { slow: 'off', quick: 'off' } }, 20],
      // Both are due at 30. The one that was set first fires first.
      [{ both: { slow: 'on', quick: 'off' } }, 30],
    ]);
  });

  test('names all transitions of one microstep', () => {
    expect(walk(TimedState.initial(regions), ['go', 'stop']).map(({ microsteps }) => microsteps)).toEqual([
      [],
      [['regions.both.slow.off on go [0]', 'regions.both.quick.off on go [0]']],
      [['regions.both on stop [0]']],
    ]);
  });

  test('starts a delay again when it re-enters its own state', () => {
    expect(walk(TimedState.initial(heartbeat, { intervalMs: 40 }), ['answer', 'TIMER', 'TIMER'])).toEqual([
      { value: { beating: 'waiting' }, at: 0, microsteps: [] },
      { value: { beating: 'answered' }, at: 0, microsteps: [['heartbeat.beating.waiting on answer [0]']] },
      { value: { beating: 'waiting' }, at: 40, microsteps: [['heartbeat.beating after interval [0]']] },
      { value: 'dead', at: 80, microsteps: [['heartbeat.beating after interval [1]']] },
    ]);
  });

  test('computes a delay from the context at the time it is set', () => {
    const times = walk(TimedState.initial(tries), ['fail', 'TIMER', 'fail', 'TIMER', 'fail']).map(({ value, at }) => [
      value,
      at,
    ]);
    expect(times).toEqual([
      ['trying', 0],
      ['pausing', 0],
      ['trying', 200],
      ['pausing', 200],
      ['trying', 600],
      ['lost', 600],
    ]);
  });

  test('separates the microsteps of one event', () => {
    expect(walk(TimedState.initial(tries), ['fail'])[1]!.microsteps).toEqual([
      ['tries.trying on fail [0]'],
      ['tries.judging always [1]'],
    ]);
  });

  test('keeps delayed events other than after, with and without an id', () => {
    const { state } = TimedState.initial(alarm);
    const armed = state.take({ type: 'event', event: { type: 'arm' }, at: 0 });
    expect(dueAt(armed)).toEqual([20, 50]);
    expect(dueAt(armed.state.take({ type: 'event', event: { type: 'disarm' }, at: 0 }))).toEqual([20]);
  });

  test('returns the actions of the machine, without its own markers', () => {
    const { state } = TimedState.initial(alarm);
    const { actions } = state.take({ type: 'event', event: { type: 'ring' }, at: 0 });
    expect(actions.map(({ type }) => type)).toEqual(['xstate.sendTo']);
  });

  test('fires an invalid delay at once, and does not fire an infinite one', () => {
    expect(TimedState.initial(odd).state.steps([])).toEqual([]);
    expect(walk(TimedState.initial(odd), ['next', 'TIMER', 'TIMER']).map(({ value, at }) => [value, at])).toEqual([
      ['hanging', 0],
      ['hasty', 0],
      ['late', 0],
      ['idle', 0],
    ]);
  });

  test('lets time pass with a delay that has no effect', () => {
    expect(walk(TimedState.initial(odd), ['next', 'TIMER', 'TIMER', 'TIMER']).at(-1)).toEqual({
      value: 'idle',
      at: 10,
      microsteps: [],
    });
  });

  test('lets an event take time if no timer is due before it', () => {
    const { state } = TimedState.initial(race);
    const atTimes = (ms: number): (string | number)[][] =>
      state.steps([{ type: 'again' }], () => ms).map(({ type, at }) => [type, at]);
    expect(atTimes(4_999)).toEqual([
      ['event', 4_999],
      ['timer', 5_000],
    ]);
    expect(atTimes(5_000)).toEqual([['timer', 5_000]]);
    const again = state.take({ type: 'event', event: { type: 'again' }, at: 4_999 });
    expect(again.state.at).toBe(4_999);
    expect(dueAt(again)).toEqual([9_999, 24_999]);
  });

  test.each([
    [
      'an event after a timer is due',
      { type: 'event', event: { type: 'again' }, at: 5_000 },
      'no event can come at 5000 ms',
    ],
    ['an event in the past', { type: 'event', event: { type: 'again' }, at: -1 }, 'no event can come at -1 ms'],
    [
      'a timer that is not the next',
      { type: 'timer', event: { type: 'xstate.after.20000.race.running' }, at: 20_000 },
      'is not the next timer',
    ],
    [
      'a timer at another time',
      { type: 'timer', event: { type: 'xstate.after.5000.race.running' }, at: 4_000 },
      'is not the next timer',
    ],
  ] as const)('take() throws a RangeError for %s', (_, step, message) => {
    const { state } = TimedState.initial(race);
    expect(() => state.take(step)).toThrow(RangeError);
    expect(() => state.take(step)).toThrow(message);
  });

  test('has the same key at another time, and another key when timers are further apart', () => {
    const { state } = TimedState.initial(regions);
    const later = state.take(state.steps([])[0]!).state;
    const latest = later.take(later.steps([])[0]!).state;
    expect(new Set([state.key(), latest.key()]).size).toBe(2);
    expect(TimedState.initial(race).state.key()).toBe(
      TimedState.initial(race)
        .state.take({ type: 'event', event: { type: 'again' }, at: 7 })
        .state.key(),
    );
    expect(state.key('a')).not.toBe(state.key('b'));
  });
});
