/** The chart of a manager: every pair of consecutive transitions in memory, and what must hold in every state. */
import { createActor, createMachine, fromCallback, getNextTransitions, transition } from 'xstate';
import type { ExecutableActionObject } from 'xstate';
import { describe, expect, test } from 'vitest';
import { managerDelays, managerMachine, managerState } from '../../../machines/index.ts';
import type { FleetCommand, ManagerEvent } from '../../../machines/index.ts';
import {
  TransitionRecorder,
  VirtualClock,
  coveringPaths,
  reachable,
  transitionsOf,
} from '../../../src/testing/index.ts';
import { INPUT, MALFORMED_EVENTS, POSSIBLE_EVENTS, exploreManager, managerModel, random } from './manager-model.ts';
import type { ManagerMachine, ManagerSnapshot } from './manager-model.ts';

const graph = exploreManager();
const { paths, missing } = coveringPaths(graph, { cover: 'pairs', maxLength: 40 });
const describeState = ({ value }: ManagerSnapshot): string => JSON.stringify(value);

/** The start of an actor, or a command to the fleet. */
type ActorCall = string;

const actorCallsOf = (actions: readonly ExecutableActionObject[]): ActorCall[] =>
  actions.flatMap(({ type, params }) => {
    const { src, event } = params as { src?: string; event?: { type: string } };
    if (type === 'xstate.spawnChild') return [`start ${src}`];
    return type === 'xstate.sendTo' ? [`send fleet ${event?.type}`] : [];
  });

describe(`manager machine in memory: ${paths.length} paths through ${graph.nodes.length} states`, () => {
  const recorder = new TransitionRecorder();

  test.each(paths.map((path, index) => [index + 1, path] as const))(
    'path %i: the running machine does what the chart says',
    (_, path) => {
      const calls: ActorCall[] = [];
      const actor = (name: string) =>
        fromCallback<FleetCommand>(({ receive }) => {
          calls.push(`start ${name}`);
          receive(({ type }) => calls.push(`send ${name} ${type}`));
        });
      const clock = new VirtualClock({ startAt: 0 });
      const machine = managerMachine.provide({
        delays: managerDelays(random),
        actors: { gatewayInfo: actor('gatewayInfo'), fleet: actor('fleet'), closeShards: actor('closeShards') },
      });
      const manager = createActor(machine, { input: INPUT, clock, inspect: recorder.observe }).start();
      for (const { step, snapshot, actions } of path.steps) {
        calls.length = 0;
        if (step.type === 'timer') clock.next();
        else {
          clock.advance(step.at - clock.now());
          manager.send(step.event);
        }
        const { value, context, status } = manager.getSnapshot();
        // An actor that stops in the same step does not receive the command.
        const isReceived = (each: ActorCall): boolean =>
          each !== 'send fleet discardSuccessor' || managerState(value) !== 'draining';
        expect({ value, context, status, at: clock.now(), calls: calls.filter(isReceived) }).toEqual({
          value: snapshot.value,
          context: snapshot.context,
          status: 'active',
          at: step.at,
          calls: actorCallsOf(actions).filter(isReceived),
        });
      }
      manager.stop();
      expect(clock.pending).toBe(0);
    },
  );

  test('the paths take every transition of the chart and every pair of consecutive transitions', () => {
    expect(recorder.missing(transitionsOf(managerMachine).map(({ id }) => id))).toEqual([]);
    expect(missing).toEqual([]);
    expect(recorder.missing(reachable(graph, 'pairs'))).toEqual([]);
  });
});

/** States that wait for shards, which have deadlines of their own. */
const WAITS_FOR_SHARDS: readonly string[] = [
  '{"active":{"starting":"launching"}}',
  '{"active":{"resharding":"preparing"}}',
];
const AT_REST: readonly string[] = ['"stopped"', '"failed"', '{"active":"running"}'];

const hasDeadline = (snapshot: ManagerSnapshot): boolean =>
  getNextTransitions(snapshot).some(
    ({ eventType, target, reenter }) =>
      String(eventType).startsWith('xstate.after.') && (target !== undefined || reenter),
  );

/** Each returns what it finds wrong, so that tests can try it on a broken chart too. */
const INVARIANTS = {
  'every waiting state has a deadline, or waits for shards that have one': (machine: ManagerMachine) =>
    exploreManager(machine)
      .nodes.map(({ state }) => state.snapshot)
      .filter(
        (snapshot) => ![...WAITS_FOR_SHARDS, ...AT_REST].includes(describeState(snapshot)) && !hasDeadline(snapshot),
      )
      .map(describeState),

  'disconnect() leads to stopped or failed from every state': (machine: ManagerMachine) =>
    exploreManager(machine).nodes.flatMap(({ state }) => {
      const { snapshot } = state;
      const [disconnected] = transition(machine, snapshot, { type: 'manager.disconnect' });
      const [closed] = transition(machine, disconnected, { type: 'fleet.closed' });
      return ['stopped', 'failed'].includes(managerState(closed.value))
        ? []
        : [`${describeState(snapshot)} → ${describeState(closed)}`];
    }),

  'connect() leads to running from every state if all goes well': (machine: ManagerMachine) =>
    exploreManager(machine).nodes.flatMap(({ state }) => {
      let { snapshot } = state;
      for (const type of [
        'manager.connect',
        'fleet.closed',
        'manager.cancelReshard',
        'info.received',
        'fleet.settled',
      ] as const) {
        const event = POSSIBLE_EVENTS.find((each) => each.type === type);
        if (event !== undefined) [snapshot] = transition(machine, snapshot, event);
        if (type === 'fleet.closed' && JSON.stringify(snapshot.value).includes('backingOff')) {
          const after = getNextTransitions(snapshot).find(({ eventType }) =>
            String(eventType).startsWith('xstate.after.'),
          );
          [snapshot] = transition(machine, snapshot, { type: String(after?.eventType) } as unknown as ManagerEvent);
        }
      }
      return managerState(snapshot.value) === 'running'
        ? []
        : [`${describeState(state.snapshot)} → ${describeState(snapshot)}`];
    }),

  'no event, valid or malformed, breaks the machine': (machine: ManagerMachine) =>
    exploreManager(machine).nodes.flatMap(({ state: { snapshot } }) =>
      [...POSSIBLE_EVENTS, ...MALFORMED_EVENTS].flatMap((event) => {
        try {
          return transition(machine, snapshot, event)[0].status === 'active'
            ? []
            : [`${event.type} in ${describeState(snapshot)} stops it`];
        } catch (error) {
          return [`${event.type} in ${describeState(snapshot)}: ${String(error)}`];
        }
      }),
    ),

  'the shards in service outlive a resharding that succeeds or fails': (machine: ManagerMachine) =>
    exploreManager(machine)
      .nodes.map(({ state }) => state.snapshot)
      .filter((snapshot) => managerState(snapshot.value) === 'resharding')
      .flatMap((snapshot) =>
        POSSIBLE_EVENTS.filter(({ type }) => type !== 'manager.disconnect' && type !== 'fleet.failed')
          .filter((event) => transition(machine, snapshot, event)[0].children['fleet'] !== snapshot.children['fleet'])
          .map(({ type }) => `${type} in ${describeState(snapshot)}`),
      ),
} as const;

describe('manager machine: in every reachable state', () => {
  test.each(Object.entries(INVARIANTS))('%s', (_, violations) => {
    expect([...new Set(violations(managerModel))]).toEqual([]);
  });
});

type Config = Readonly<Record<string, unknown>>;

const withChangedStates = (change: (states: Record<string, Config>) => Record<string, Config>): ManagerMachine => {
  const config = managerModel.config as unknown as Config;
  return createMachine(
    { ...config, states: change(config['states'] as Record<string, Config>) },
    managerModel.implementations as never,
  ) as unknown as ManagerMachine;
};

describe('the invariants notice that', () => {
  test.each([
    [
      'draining has no deadline',
      ({ draining, ...states }: Record<string, Config>) => ({ ...states, draining: { ...draining, after: {} } }),
      0,
    ],
    [
      'active ignores disconnect()',
      ({ active, ...states }: Record<string, Config>) => ({ ...states, active: { ...active, on: {} } }),
      1,
    ],
    [
      'failed has no way out',
      ({ failed, ...states }: Record<string, Config>) => ({ ...states, failed: { ...failed, on: {} } }),
      2,
    ],
  ] as const)('%s', (_, change, invariant) => {
    const found = Object.values(INVARIANTS).map(
      (violations) => violations(withChangedStates(change as never)).length > 0,
    );
    expect(found[invariant]).toBe(true);
  });
});
