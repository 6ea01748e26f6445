import { assign, createActor, enqueueActions, setup } from 'xstate';
import type { AnyStateMachine } from 'xstate';
import { describe, expect, test } from 'vitest';
import { chartMutants } from '../../scripts/mutants/chart.ts';
import { mutantsOf } from '../../scripts/mutants/modules.ts';
import { assignmentMutants } from '../../scripts/mutants/setup-mutants.ts';
import * as closeCodes from '../../machines/close-codes.ts';
import * as losses from '../../machines/losses.ts';
import * as shardDelays from '../../machines/shard/delays.ts';
import * as shardMachine from '../../machines/shard/shard.machine.ts';

/** A machine with every kind of node that a chart can have. */
const door = setup({
  types: { context: {} as { opened: number; closed: number } },
  actions: {
    count: assign({ opened: ({ context }) => context.opened + 1, closed: 0 }),
    tally: enqueueActions(({ context, enqueue }) =>
      enqueue.assign({ opened: context.opened, closed: context.closed + 1 }),
    ),
    ring: () => undefined,
  },
  guards: { isLocked: () => false, isStuck: () => false },
}).createMachine({
  id: 'door',
  context: { opened: 0, closed: 0 },
  initial: 'shut',
  states: {
    shut: {
      entry: 'tally',
      on: {
        push: [
          { guard: 'isLocked', target: 'shut', reenter: true },
          { guard: 'isStuck', actions: 'ring' },
          { target: 'open', actions: 'count' },
        ],
      },
    },
    open: { after: { 1_000: 'shut' }, on: { break: '#door.broken' } },
    broken: {},
  },
});

describe('chartMutants', () => {
  test('returns a mutant for each part of a chart that can be dropped, negated or redirected', () => {
    expect(chartMutants(door).map(({ id }) => id)).toEqual([
      'door: start in open',
      'door.shut entry: drop tally',
      'door.shut on push [0]: drop',
      'door.shut on push [0]: shut → open',
      'door.shut on push [0]: drop guard isLocked',
      'door.shut on push [0]: negate guard isLocked',
      'door.shut on push [0]: drop reenter',
      'door.shut on push [0]: after [1]',
      'door.shut on push [1]: drop',
      'door.shut on push [1]: drop guard isStuck',
      'door.shut on push [1]: negate guard isStuck',
      'door.shut on push [1]: drop action ring',
      'door.shut on push [2]: drop',
      'door.shut on push [2]: open → broken',
      'door.shut on push [2]: stay',
      'door.shut on push [2]: drop action count',
      'door.open on break: drop',
      'door.open on break: broken → shut',
      'door.open after 1000: drop',
      'door.open after 1000: shut → open',
    ]);
  });
});

const resultOfPush = (machine: AnyStateMachine): unknown => {
  const actor = createActor(machine).start();
  actor.send({ type: 'push' });
  actor.stop();
  const { value, context } = actor.getSnapshot();
  return [value, context];
};

const mutant = (id: string): AnyStateMachine =>
  [...chartMutants(door), ...assignmentMutants(door)].find((each) => each.id === id)!.apply(door);

describe('a mutant of a machine', () => {
  test.each([
    ['door: start in open', ['open', { opened: 0, closed: 0 }]],
    ['door.shut entry: drop tally', ['open', { opened: 1, closed: 0 }]],
    ['door.shut on push [0]: drop guard isLocked', ['shut', { opened: 0, closed: 2 }]],
    ['door.shut on push [1]: negate guard isStuck', ['shut', { opened: 0, closed: 1 }]],
    ['door.shut on push [2]: open → broken', ['broken', { opened: 1, closed: 0 }]],
    ['door.shut on push [2]: stay', ['shut', { opened: 1, closed: 0 }]],
    ['door.shut on push [2]: drop action count', ['open', { opened: 0, closed: 1 }]],
    ['action count: forget opened', ['open', { opened: 0, closed: 0 }]],
    ['action count: forget closed', ['open', { opened: 1, closed: 1 }]],
    ['action tally: forget closed', ['open', { opened: 1, closed: 0 }]],
  ])('"%s" does what its id says, and does not change the original', (id, result) => {
    expect(resultOfPush(mutant(id))).toEqual(result);
    expect(resultOfPush(door)).toEqual(['open', { opened: 1, closed: 0 }]);
  });

  test('has an id that no other mutant of the shard has', () => {
    const ids = Object.entries({
      'machines/shard/shard.machine.ts': shardMachine,
      'machines/shard/delays.ts': shardDelays,
      'machines/losses.ts': losses,
      'machines/close-codes.ts': closeCodes,
    }).flatMap(([file, exports]) => mutantsOf(file, exports).map(({ id }) => id));
    expect([...new Set(ids)]).toEqual(ids);
  });
});

describe('a mutant of a table', () => {
  test.each([
    ['loss zombie: session → discard', { session: 'discard' }],
    ['loss zombie: closeWith → 4000', { closeWith: 4000 }],
  ])('"%s" changes that field of that row, and no other row', (id, change) => {
    const altered = mutantsOf('machines/losses.ts', losses)
      .find((each) => each.id === id)!
      .apply(losses) as typeof losses;
    const otherEvent = { type: 'shard.connect' } as const;
    expect(altered.lossOf('zombie', otherEvent)).toEqual({ ...losses.lossOf('zombie', otherEvent), ...change });
    expect(altered.lossOf('dispatchTimeout', otherEvent)).toEqual(losses.lossOf('dispatchTimeout', otherEvent));
  });

  test('changes a close code in the table and in closePolicy, and no other code', () => {
    const id = 'close code 4004: action → resume';
    const altered = mutantsOf('machines/close-codes.ts', closeCodes)
      .find((each) => each.id === id)!
      .apply(closeCodes) as typeof closeCodes;
    expect(altered.CLOSE_CODES[4004]?.action).toBe('resume');
    expect(altered.closePolicy(4004).action).toBe('resume');
    expect(altered.closePolicy(4010)).toEqual(closeCodes.closePolicy(4010));
  });
});
