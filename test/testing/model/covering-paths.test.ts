import type { AnyStateMachine } from 'xstate';
import { createActor } from 'xstate';
import { describe, expect, it } from 'vitest';
import {
  TransitionRecorder,
  VirtualClock,
  coveringPaths,
  exploreTimed,
  reachable,
  transitionsOf,
} from '../../../src/testing/index.ts';
import type { TimedGraph, TimedPath } from '../../../src/testing/index.ts';
import { chain, odd, heartbeat, race, regions, room, tries } from './small-machines.ts';

const valuesOf = (graph: TimedGraph<AnyStateMachine>): unknown[] =>
  graph.nodes.map(({ state }) => state.snapshot.value);

const exploreTries = () =>
  exploreTimed(tries, {
    events: () => [{ type: 'win' }, { type: 'fail' }],
    key: ({ context }) => String(context.tries),
  });

/** To the key, every beat is another. */
const exploreHeartbeat = () =>
  exploreTimed(heartbeat, {
    inputs: [{ intervalMs: 10 }],
    events: () => [{ type: 'answer' }],
    key: ({ context }) => String(context.count),
    limit: 30,
  });

/** Plays a path on a running actor; gives the values it had. */
function play(
  machine: AnyStateMachine,
  { input, steps }: TimedPath<AnyStateMachine>,
  recorder: TransitionRecorder,
): unknown[] {
  const clock = new VirtualClock({ startAt: 0 });
  const actor = createActor(machine, { input, clock, inspect: recorder.observe }).start();
  return steps.map(({ step }) => {
    // Not `advance()`: it would also run a timer that is due at the same time, but comes after the event on this path.
    if (step.type === 'timer') clock.next();
    else actor.send(step.event);
    expect(clock.now()).toBe(step.at);
    return actor.getSnapshot().value;
  });
}

describe('exploreTimed', () => {
  it('finds no state that takes a late delay before an early one', () => {
    expect(valuesOf(exploreTimed(race, { events: () => [{ type: 'again' }] }))).toEqual(['running', 'early']);
  });

  it('finds states that only time leads to, each once', () => {
    expect(valuesOf(exploreTimed(chain, { events: () => [{ type: 'back' }] }))).toEqual(['a', 'b', 'c', 'd']);
  });

  it('tells states apart by how far apart their timers are', () => {
    const graph = exploreTimed(regions, { events: () => [] });
    expect(graph.nodes.map(({ state: { at, snapshot } }) => [snapshot.value, at])).toEqual([
      [{ both: { slow: 'off', quick: 'off' } }, 0],
      [{ both: { slow: 'off', quick: 'on' } }, 10],
      [{ both: { slow: 'off', quick: 'off' } }, 20],
      [{ both: { slow: 'on', quick: 'off' } }, 30],
      [{ both: { slow: 'on', quick: 'on' } }, 30],
    ]);
  });

  it('starts from every input', () => {
    const graph = exploreTimed(heartbeat, {
      inputs: [{ intervalMs: 10 }, { intervalMs: 20 }],
      events: () => [],
      key: ({ context }) => String(context.intervalMs),
    });
    expect(graph.roots.map(({ input, node }) => [input, node])).toEqual([
      [{ intervalMs: 10 }, 0],
      [{ intervalMs: 20 }, 1],
    ]);
    expect(graph.nodes.map(({ state: { at } }) => at)).toEqual([0, 0, 10, 20]);
  });

  it('lets no time pass where the world does not wait', () => {
    const graph = exploreTimed(chain, { events: () => [{ type: 'back' }], waits: ({ value }) => value !== 'b' });
    expect(valuesOf(graph)).toEqual(['a', 'b']);
  });

  it('does not go on where it is told to stop', () => {
    expect(valuesOf(exploreTimed(chain, { events: () => [], stopWhen: ({ value }) => value === 'b' }))).toEqual([
      'a',
      'b',
    ]);
  });

  it('gives up at the limit, and says what to do', () => {
    expect(exploreHeartbeat).toThrow(RangeError);
    expect(exploreHeartbeat).toThrow('more than 30 states: drop what only counts from the key, or raise the limit');
  });

  it('gives up nothing when there are just as many states as the limit', () => {
    expect(exploreTimed(chain, { events: () => [], limit: 4 }).nodes).toHaveLength(4);
  });
});

describe('reachable', () => {
  it('is what some walk can take, and leaves out what none can', () => {
    const graph = exploreTimed(race, { events: () => [{ type: 'again' }] });
    expect(reachable(graph, 'transitions')).toEqual(
      new Set(['race.running on again [0]', 'race.running after 5000 [0]']),
    );
    expect(reachable(graph, 'pairs')).toEqual(
      new Set([
        'race.running on again [0] → race.running on again [0]',
        'race.running on again [0] → race.running after 5000 [0]',
      ]),
    );
  });
});

describe('coveringPaths', () => {
  it('covers every transition, with the time and the state of each step', () => {
    const { paths, covered, missing } = coveringPaths(exploreTries(), { cover: 'transitions' });
    expect([missing, covered]).toEqual([[], new Set(transitionsOf(tries).map(({ id }) => id))]);
    expect(
      paths.map(({ steps }) => steps.map(({ step, snapshot }) => [step.event.type, step.at, snapshot.value])),
    ).toEqual([
      [
        ['fail', 0, 'pausing'],
        ['xstate.after.pause.tries.pausing', 200, 'trying'],
        ['win', 200, 'won'],
      ],
      [
        ['fail', 0, 'pausing'],
        ['xstate.after.pause.tries.pausing', 200, 'trying'],
        ['fail', 200, 'pausing'],
        ['xstate.after.pause.tries.pausing', 600, 'trying'],
        ['fail', 600, 'lost'],
      ],
    ]);
  });

  it('sees two transitions in a row even if time passes with nothing in between', () => {
    // The event takes longer than the delay that nothing comes of.
    const graph = exploreTimed(odd, { events: () => [{ type: 'next' }], takesMs: () => 20 });
    const { paths, covered } = coveringPaths(graph, { cover: 'pairs' });
    expect(covered).toEqual(reachable(graph, 'pairs'));
    expect(covered).toContain('odd.late after before [0] → odd.idle on next [0]');
    expect(
      paths.map(({ steps }) => steps.map(({ step: { type, at }, microsteps }) => [type, at, microsteps.length])),
    ).toEqual([
      [
        ['event', 20, 1],
        ['timer', 20, 1],
        ['timer', 20, 1],
        ['timer', 30, 0],
        ['event', 50, 1],
        ['event', 70, 1],
      ],
    ]);
  });

  it('is the same each time', () => {
    const [once, again] = [exploreTries(), exploreTries()].map((graph) =>
      coveringPaths(graph, { cover: 'pairs' }).paths.map(({ steps }) =>
        steps.map(({ step, microsteps }) => [step, microsteps]),
      ),
    );
    expect(once).toEqual(again);
  });

  it.each([
    ['chained delays', chain, ['back']],
    ['two delays at once', race, ['again']],
    ['parallel regions', regions, ['go', 'stop']],
    ['a delay that depends on the context', tries, ['win', 'fail']],
  ] as const)(
    'gives paths that a running actor takes to the millisecond: %s',
    (_, machine: AnyStateMachine, events) => {
      const graph = exploreTimed(machine, {
        events: () => events.map((type) => ({ type })),
        key: ({ context }) => JSON.stringify(context),
      });
      const recorder = new TransitionRecorder();
      const { paths, covered, missing } = coveringPaths(graph, { cover: 'pairs' });
      for (const path of paths)
        expect(play(machine, path, recorder)).toEqual(path.steps.map(({ snapshot }) => snapshot.value as unknown));
      expect([missing, recorder.missing(reachable(graph, 'pairs'))]).toEqual([[], []]);
      expect(covered).toEqual(recorder.covered.pairs);
    },
  );

  it('gives paths for a delay that re-enters its own state', () => {
    const graph = exploreTimed(heartbeat, { inputs: [{ intervalMs: 40 }], events: () => [{ type: 'answer' }] });
    const [path] = coveringPaths(graph, { cover: 'pairs' }).paths;
    const recorder = new TransitionRecorder();
    expect(play(heartbeat, path!, recorder)).toEqual(path!.steps.map(({ snapshot }) => snapshot.value));
    expect(recorder.missing(transitionsOf(heartbeat).map(({ id }) => id))).toEqual([]);
  });

  it('keeps to the length of a path, and names what takes longer', () => {
    const { paths, missing } = coveringPaths(exploreTries(), { cover: 'transitions', maxLength: 3 });
    expect(paths.map(({ steps }) => steps.length)).toEqual([3]);
    expect(missing).toEqual(['tries.judging always [0]']);
  });

  it('takes no step that is not possible, and names what only a key that is too coarse makes of it', () => {
    // To the key both ways in lead to one state, and the graph has seen it after the first.
    const graph = exploreTimed(room, { events: () => [{ type: 'left' }, { type: 'right' }, { type: 'open' }] });
    const { paths, missing } = coveringPaths(graph, { cover: 'pairs' });
    expect(paths.map(({ steps }) => steps.map(({ step, snapshot }) => [step.event.type, snapshot.value]))).toEqual([
      [
        ['left', 'inside'],
        ['open', 'found'],
      ],
      [['right', 'inside']],
    ]);
    expect(missing).toEqual(['room.outside on right [0] → room.inside on open [0]']);
  });
});
