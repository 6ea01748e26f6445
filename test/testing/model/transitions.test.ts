import { createActor, fromPromise, setup } from 'xstate';
import { describe, expect, test } from 'vitest';
import { TransitionRecorder, VirtualClock, transitionId, transitionsOf } from '../../../src/testing/index.ts';
import { chain, regions, tries } from './small-machines.ts';

const invoking = setup({ actors: { work: fromPromise(() => Promise.resolve()) } }).createMachine({
  id: 'invoking',
  initial: 'working',
  states: {
    working: {
      invoke: { src: 'work', onDone: 'done', onError: [{ guard: () => false, target: 'done' }, { target: 'working' }] },
    },
    done: {},
  },
});

describe('transitionsOf', () => {
  test('names each transition by its source, its trigger and its index', () => {
    expect(transitionsOf(tries)).toEqual([
      { id: 'tries.trying on win [0]', source: 'tries.trying', targets: ['tries.won'] },
      { id: 'tries.trying on fail [0]', source: 'tries.trying', targets: ['tries.judging'] },
      { id: 'tries.judging always [0]', source: 'tries.judging', targets: ['tries.lost'] },
      { id: 'tries.judging always [1]', source: 'tries.judging', targets: ['tries.pausing'] },
      { id: 'tries.pausing after pause [0]', source: 'tries.pausing', targets: ['tries.trying'] },
    ]);
  });

  test('includes the transitions of invoked actors', () => {
    expect(transitionsOf(invoking).map(({ id }) => id)).toEqual([
      'invoking.working on xstate.done.actor.0.invoking.working [0]',
      'invoking.working on xstate.error.actor.0.invoking.working [0]',
      'invoking.working on xstate.error.actor.0.invoking.working [1]',
    ]);
  });

  test('gives a copy of the machine the same ids, and initial transitions no id', () => {
    const copy = tries.provide({});
    const [transition] = copy.root.states['trying']!.transitions.get('fail')!;
    expect(transitionId(transition!)).toBe('tries.trying on fail [0]');
    expect(transitionId(copy.root.initial)).toBeUndefined();
  });
});

describe('TransitionRecorder', () => {
  test('records the transitions and the pairs that running actors take', () => {
    const recorder = new TransitionRecorder();
    const clock = new VirtualClock();
    const actor = createActor(tries, { clock, inspect: recorder.observe }).start();
    actor.send({ type: 'fail' });
    clock.advance(200);
    actor.send({ type: 'win' });
    expect(recorder.covered).toEqual({
      transitions: new Set([
        'tries.trying on fail [0]',
        'tries.judging always [1]',
        'tries.pausing after pause [0]',
        'tries.trying on win [0]',
      ]),
      pairs: new Set([
        'tries.trying on fail [0] → tries.judging always [1]',
        'tries.judging always [1] → tries.pausing after pause [0]',
        'tries.pausing after pause [0] → tries.trying on win [0]',
      ]),
    });
    expect(recorder.missing(transitionsOf(tries).map(({ id }) => id))).toEqual(['tries.judging always [0]']);
  });

  test('does not pair transitions of different actors', () => {
    const recorder = new TransitionRecorder();
    const [one, other] = [chain, chain].map((machine) =>
      createActor(machine, { clock: new VirtualClock(), inspect: recorder.observe }).start(),
    );
    one!.send({ type: 'back' });
    (other!.clock as VirtualClock).advance(100);
    (one!.clock as VirtualClock).advance(100);
    expect(recorder.covered.pairs).toEqual(new Set());
  });

  test('pairs every transition of a microstep with every transition of the next', () => {
    const recorder = new TransitionRecorder();
    const actor = createActor(regions, { clock: new VirtualClock(), inspect: recorder.observe }).start();
    actor.send({ type: 'go' });
    actor.send({ type: 'stop' });
    expect([...recorder.covered.pairs]).toEqual([
      'regions.both.slow.off on go [0] → regions.both on stop [0]',
      'regions.both.quick.off on go [0] → regions.both on stop [0]',
    ]);
  });
});
