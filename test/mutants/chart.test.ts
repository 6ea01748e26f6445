import { assign, createActor, enqueueActions, setup } from 'xstate';
import type { AnyStateMachine } from 'xstate';
import { expect, test } from 'vitest';
import { chartMutants } from '../../scripts/mutants/chart.ts';
import { mutantsOf } from '../../scripts/mutants/modules.ts';
import { assignmentMutants } from '../../scripts/mutants/setup-mutants.ts';
import * as closeCodes from '../../machines/close-codes.ts';
import * as losses from '../../machines/losses.ts';
import * as shardDelays from '../../machines/shard/delays.ts';
import * as shardMachine from '../../machines/shard/shard.machine.ts';

/** A door with every kind of thing a chart can have. */
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

test('a chart has a mutant for each thing that can be dropped, turned around or led elsewhere', () => {
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

const pushed = (machine: AnyStateMachine): unknown => {
  const actor = createActor(machine).start();
  actor.send({ type: 'push' });
  actor.stop();
  const { value, context } = actor.getSnapshot();
  return [value, context];
};

const mutant = (id: string): AnyStateMachine =>
  [...chartMutants(door), ...assignmentMutants(door)].find((each) => each.id === id)!.apply(door);

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
])('the mutant "%s" does what it says, and leaves the machine as it was', (id, result) => {
  expect([pushed(mutant(id)), pushed(door)]).toEqual([result, ['open', { opened: 1, closed: 0 }]]);
});

test('the mutants of the shard have names of their own', () => {
  const ids = Object.entries({
    'machines/shard/shard.machine.ts': shardMachine,
    'machines/shard/delays.ts': shardDelays,
    'machines/losses.ts': losses,
    'machines/close-codes.ts': closeCodes,
  }).flatMap(([file, exports]) => mutantsOf(file, exports).map(({ id }) => id));
  expect([...new Set(ids)]).toEqual(ids);
});

test.each([
  ['loss zombie: session → discard', { session: 'discard' }],
  ['loss zombie: closeWith → 4000', { closeWith: 4000 }],
])('the mutant "%s" alters that field of that row', (id, change) => {
  const altered = mutantsOf('machines/losses.ts', losses)
    .find((each) => each.id === id)!
    .apply(losses) as typeof losses;
  const untold = { type: 'shard.connect' } as const;
  expect([altered.lossOf('zombie', untold), altered.lossOf('dispatchTimeout', untold)]).toEqual([
    { ...losses.lossOf('zombie', untold), ...change },
    losses.lossOf('dispatchTimeout', untold),
  ]);
});

test('the mutant of a close code alters the table and what is asked of it', () => {
  const id = 'close code 4004: action → resume';
  const altered = mutantsOf('machines/close-codes.ts', closeCodes)
    .find((each) => each.id === id)!
    .apply(closeCodes) as typeof closeCodes;
  expect([altered.CLOSE_CODES[4004]?.action, altered.closePolicy(4004).action, altered.closePolicy(4010)]).toEqual([
    'resume',
    'resume',
    closeCodes.closePolicy(4010),
  ]);
});
