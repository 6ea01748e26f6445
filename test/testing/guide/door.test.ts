import { describe, expect, test } from 'vitest';
import { createActor } from 'xstate';
import {
  TransitionRecorder,
  VirtualClock,
  coveringPaths,
  exploreTimed,
  reachable,
  transitionsOf,
} from '../../../src/testing/index.ts';
import { door } from './door.machine.ts';

const graph = exploreTimed(door, {
  events: () => [{ type: 'open' }, { type: 'close' }, { type: 'lock' }, { type: 'unlock' }],
  // The part of the context that decides where the machine goes.
  key: ({ context }) => String(context.isLocked),
});
const { paths, missing } = coveringPaths(graph, { cover: 'pairs' });
const recorder = new TransitionRecorder();

describe('the door', () => {
  test.each(paths)('does what its chart says on path %#', ({ input, steps }) => {
    const clock = new VirtualClock({ startAt: 0 });
    const actor = createActor(door, { input, clock, inspect: recorder.observe }).start();
    for (const { step, snapshot } of steps) {
      if (step.type === 'timer') clock.next();
      else actor.send(step.event);
      expect(actor.getSnapshot().value).toBe(snapshot.value);
      expect(clock.now()).toBe(step.at);
    }
  });

  test('takes every transition, and every pair of transitions, on these paths', () => {
    expect(missing).toEqual([]);
    expect(recorder.missing(transitionsOf(door).map(({ id }) => id))).toEqual([]);
    expect(recorder.missing(reachable(graph, 'pairs'))).toEqual([]);
  });
});
