import type { AnyStateMachine } from 'xstate';
import { createActor } from 'xstate';
import { describe, expect, test } from 'vitest';
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

/** The key contains a counter, so that every heartbeat is a new state. */
const exploreHeartbeat = () =>
  exploreTimed(heartbeat, {
    inputs: [{ intervalMs: 10 }],
    events: () => [{ type: 'answer' }],
    key: ({ context }) => String(context.count),
    limit: 30,
  });

/** Plays a path on a running actor. Returns the value after each step. */
function play(
  machine: AnyStateMachine,
  { input, steps }: TimedPath<AnyStateMachine>,
  recorder: TransitionRecorder,
): unknown[] {
  const clock = new VirtualClock({ startAt: 0 });
  const actor = createActor(machine, { input, clock, inspect: recorder.observe }).start();
  return steps.map(({ step }) => {
    // Not `advance()`: it would also run a timer that is due now, but comes after the event on this path.
    if (step.type === 'timer') clock.next();
    else actor.send(step.event);
    expect(clock.now()).toBe(step.at);
    return actor.getSnapshot().value;
  });
}

describe('exploreTimed', () => {
  test('finds no state in which a late delay fired before an early one', () => {
    expect(valuesOf(exploreTimed(race, { events: () => [{ type: 'again' }] }))).toEqual(['running', 'early']);
  });

  test('finds states that only a delay leads to, each once', () => {
    expect(valuesOf(exploreTimed(chain, { events: () => [{ type: 'back' }] }))).toEqual(['a', 'b', 'c', 'd']);
  });

  test('distinguishes states by the distances between their timers', () => {
    const graph = exploreTimed(regions, { events: () => [] });
    expect(graph.nodes.map(({ state: { at, snapshot } }) => [snapshot.value, at])).toEqual([
      [{ both: { slow: 'off', quick: 'off' } }, 0],
      [{ both: { slow: 'off', quick: 'on' } }, 10],
      [{ both: { slow: 'off', quick: 'off' } }, 20],
      [{ both: { slow: 'on', quick: 'off' } }, 30],
      [{ both: { slow: 'on', quick: 'on' } }, 30],
    ]);
  });

  test('starts from every input', () => {
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

  test('lets no time pass in a state for which waits() is false', () => {
    const graph = exploreTimed(chain, { events: () => [{ type: 'back' }], waits: ({ value }) => value !== 'b' });
    expect(valuesOf(graph)).toEqual(['a', 'b']);
  });

  test('ends in a state for which stopWhen() is true', () => {
    expect(valuesOf(exploreTimed(chain, { events: () => [], stopWhen: ({ value }) => value === 'b' }))).toEqual([
      'a',
      'b',
    ]);
  });

  test('throws a RangeError at the limit, with a hint', () => {
    expect(exploreHeartbeat).toThrow(RangeError);
    expect(exploreHeartbeat).toThrow('more than 30 states: leave counters out of the key, or raise the limit');
  });

  test('accepts exactly as many states as the limit', () => {
    expect(exploreTimed(chain, { events: () => [], limit: 4 }).nodes).toHaveLength(4);
  });
});

describe('reachable', () => {
  test('contains what a walk can take, and nothing else', () => {
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
  test('covers every transition, and returns the time and state of each step', () => {
    const { paths, covered, missing } = coveringPaths(exploreTries(), { cover: 'transitions' });
    expect(missing).toEqual([]);
    expect(covered).toEqual(new Set(transitionsOf(tries).map(({ id }) => id)));
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

  test('finds a pair of transitions even if time passes between them', () => {
    // The event takes longer than the delay that has no effect.
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

  test('returns the same paths each time', () => {
    const [once, again] = [exploreTries(), exploreTries()].map((graph) =>
      coveringPaths(graph, { cover: 'pairs' }).paths.map(({ steps }) =>
        steps.map(({ step, microsteps }) => [step, microsteps]),
      ),
    );
    expect(once).toEqual(again);
  });

  test.each([
    ['chained delays', chain, ['back']],
    ['two delays at once', race, ['again']],
    ['parallel regions', regions, ['go', 'stop']],
    ['a delay that depends on the context', tries, ['win', 'fail']],
  ] as const)(
    'returns paths that a running actor takes to the millisecond: %s',
    (_, machine: AnyStateMachine, events) => {
      const graph = exploreTimed(machine, {
        events: () => events.map((type) => ({ type })),
        key: ({ context }) => JSON.stringify(context),
      });
      const recorder = new TransitionRecorder();
      const { paths, covered, missing } = coveringPaths(graph, { cover: 'pairs' });
      for (const path of paths)
        expect(play(machine, path, recorder)).toEqual(path.steps.map(({ snapshot }) => snapshot.value as unknown));
      expect(missing).toEqual([]);
      expect(recorder.missing(reachable(graph, 'pairs'))).toEqual([]);
      expect(covered).toEqual(recorder.covered.pairs);
    },
  );

  test('returns a path for a delay that re-enters its own state', () => {
    const graph = exploreTimed(heartbeat, { inputs: [{ intervalMs: 40 }], events: () => [{ type: 'answer' }] });
    const [path] = coveringPaths(graph, { cover: 'pairs' }).paths;
    const recorder = new TransitionRecorder();
    expect(play(heartbeat, path!, recorder)).toEqual(path!.steps.map(({ snapshot }) => snapshot.value));
    expect(recorder.missing(transitionsOf(heartbeat).map(({ id }) => id))).toEqual([]);
  });

  test('keeps to maxLength, and returns what needs more steps as missing', () => {
    const { paths, missing } = coveringPaths(exploreTries(), { cover: 'transitions', maxLength: 3 });
    expect(paths.map(({ steps }) => steps.length)).toEqual([3]);
    expect(missing).toEqual(['tries.judging always [0]']);
  });

  test('takes only possible steps, and returns what the key made impossible as missing', () => {
    // The key ignores the context, so that both ways in lead to one state of the graph.
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
