/** The chart of a node: every pair of consecutive transitions in memory, and what must hold in every state. */
import { createActor, createMachine, fromCallback, getNextTransitions, transition } from 'xstate';
import type { ExecutableActionObject } from 'xstate';
import { describe, expect, test } from 'vitest';
import { nodeMachine, nodeState } from '../../../machines/index.ts';
import type { EngineCommand, NodeEvent } from '../../../machines/index.ts';
import {
  TransitionRecorder,
  VirtualClock,
  coveringPaths,
  reachable,
  transitionsOf,
} from '../../../src/testing/index.ts';
import { INPUT, MALFORMED_EVENTS, POSSIBLE_EVENTS, exploreNode } from './node-model.ts';
import type { NodeMachine, NodeSnapshot } from './node-model.ts';

const graph = exploreNode();
const { paths, missing } = coveringPaths(graph, { cover: 'pairs', maxLength: 40 });
const describeState = ({ value }: NodeSnapshot): string => JSON.stringify(value);

/** The commands that a step gives to the engine. */
const commandsOf = (actions: readonly ExecutableActionObject[]): string[] =>
  actions.flatMap(({ type, params }) =>
    type === 'xstate.sendTo' ? [(params as { event: EngineCommand }).event.type] : [],
  );

describe(`node machine in memory: ${paths.length} paths through ${graph.nodes.length} states`, () => {
  const recorder = new TransitionRecorder();

  test.each(paths.map((path, index) => [index + 1, path] as const))(
    'path %i: the running machine does what the chart says',
    (_, path) => {
      const commands: string[] = [];
      const clock = new VirtualClock({ startAt: 0 });
      const machine = nodeMachine.provide({
        actors: { engine: fromCallback<EngineCommand>(({ receive }) => receive(({ type }) => commands.push(type))) },
      });
      const node = createActor(machine, { input: INPUT, clock, inspect: recorder.observe }).start();
      for (const { step, snapshot, actions } of path.steps) {
        commands.length = 0;
        if (step.type === 'timer') clock.next();
        else {
          clock.advance(step.at - clock.now());
          node.send(step.event);
        }
        const { value, context, status } = node.getSnapshot();
        expect({ value, context, status, at: clock.now(), commands }).toEqual({
          value: snapshot.value,
          context: snapshot.context,
          status: snapshot.status,
          at: step.at,
          commands: commandsOf(actions),
        });
      }
      node.stop();
      expect(clock.pending).toBe(0);
    },
  );

  test('the paths take every transition of the chart and every pair of consecutive transitions', () => {
    expect(recorder.missing(transitionsOf(nodeMachine).map(({ id }) => id))).toEqual([]);
    expect(missing).toEqual([]);
    expect(recorder.missing(reachable(graph, 'pairs'))).toEqual([]);
  });
});

/** The engine tries to connect until the node leaves. */
const WAITS_FOR_ENGINE = '{"joining":"opening"}';

const hasDeadline = (snapshot: NodeSnapshot): boolean =>
  getNextTransitions(snapshot).some(
    ({ eventType, target }) => String(eventType).startsWith('xstate.after.') && target !== undefined,
  );

/** The states of each chart, explored once for all invariants. */
const explored = new WeakMap<NodeMachine, readonly NodeSnapshot[]>();

function snapshotsOf(machine: NodeMachine): readonly NodeSnapshot[] {
  const snapshots = explored.get(machine) ?? exploreNode(machine).nodes.map(({ state }) => state.snapshot);
  explored.set(machine, snapshots);
  return snapshots;
}

const living = (machine: NodeMachine): NodeSnapshot[] =>
  snapshotsOf(machine).filter(({ status }) => status === 'active');

const after = (machine: NodeMachine, from: NodeSnapshot, types: readonly NodeEvent['type'][]): NodeSnapshot => {
  let snapshot = from;
  for (const type of types) {
    const event = POSSIBLE_EVENTS.find((each) => each.type === type);
    if (event !== undefined && snapshot.status === 'active') [snapshot] = transition(machine, snapshot, event);
  }
  return snapshot;
};

/** Each returns what it finds wrong, so that tests can try it on a broken chart too. */
const INVARIANTS = {
  'every state has a deadline, except the wait for an engine at the start': (machine: NodeMachine) =>
    living(machine)
      .filter((snapshot) => describeState(snapshot) !== WAITS_FOR_ENGINE && !hasDeadline(snapshot))
      .map(describeState),

  'leaving leads to left, also if the engine never answers': (machine: NodeMachine) =>
    living(machine).flatMap((from) => {
      let snapshot = after(machine, from, ['node.leave']);
      for (let steps = 0; steps < 3 && snapshot.status === 'active'; steps += 1) {
        const due = getNextTransitions(snapshot).find(({ eventType }) => String(eventType).startsWith('xstate.after.'));
        [snapshot] = transition(machine, snapshot, { type: String(due?.eventType) } as unknown as NodeEvent);
      }
      return nodeState(snapshot.value) === 'left' ? [] : [`${describeState(from)} → ${describeState(snapshot)}`];
    }),

  'only an answer to a renewal makes a suspended or degraded node a member': (machine: NodeMachine) =>
    living(machine)
      .filter(({ value }) => ['suspended', 'degraded'].includes(nodeState(value)))
      .flatMap((snapshot) =>
        POSSIBLE_EVENTS.filter(({ type }) => type !== 'renewal.done')
          .filter((event) => nodeState(transition(machine, snapshot, event)[0].value) === 'member')
          .map(({ type }) => `${type} in ${describeState(snapshot)}`),
      ),

  'a node claims shards only as a member': (machine: NodeMachine) =>
    living(machine).flatMap((snapshot) =>
      POSSIBLE_EVENTS.flatMap((event) => {
        const [next, actions] = transition(machine, snapshot, event);
        return commandsOf(actions).includes('look') && nodeState(next.value) !== 'member'
          ? [`${event.type} in ${describeState(snapshot)}`]
          : [];
      }),
    ),

  'a node that has woken is suspended before anything else': (machine: NodeMachine) =>
    living(machine)
      .filter(({ value }) => ['member', 'degraded'].includes(nodeState(value)))
      .filter((snapshot) => {
        const [, actions] = transition(machine, snapshot, { type: 'process.woke' });
        return commandsOf(actions)[0] !== 'suspend';
      })
      .map(describeState),

  'a node that reaches the engine again renews before anything else': (machine: NodeMachine) =>
    living(machine)
      .filter(({ value }) => ['member', 'degraded', 'suspended'].includes(nodeState(value)))
      .filter((snapshot) => {
        const [next, actions] = transition(machine, snapshot, { type: 'engine.reachable' });
        return !JSON.stringify(next.value).includes('asking') || commandsOf(actions).some((each) => each !== 'renew');
      })
      .map(describeState),

  'no event, valid or malformed, breaks the machine': (machine: NodeMachine) =>
    living(machine).flatMap((snapshot) =>
      [...POSSIBLE_EVENTS, ...MALFORMED_EVENTS].flatMap((event) => {
        try {
          const { status } = transition(machine, snapshot, event)[0];
          return status === 'error' ? [`${event.type} in ${describeState(snapshot)} breaks it`] : [];
        } catch (error) {
          return [`${event.type} in ${describeState(snapshot)}: ${String(error)}`];
        }
      }),
    ),
} as const;

describe('node machine: in every reachable state', () => {
  test.each(Object.entries(INVARIANTS))('%s', (_, violations) => {
    expect([...new Set(violations(nodeMachine))]).toEqual([]);
  });
});

type Config = Readonly<Record<string, unknown>>;

const withChangedStates = (change: (states: Record<string, Config>) => Record<string, Config>): NodeMachine => {
  const config = nodeMachine.config as unknown as Config;
  return createMachine(
    { ...config, states: change(config['states'] as Record<string, Config>) },
    nodeMachine.implementations as never,
  ) as unknown as NodeMachine;
};

describe('the invariants notice that', () => {
  test.each([
    [
      'a suspended node never asks again',
      ({ suspended, ...states }: Record<string, Config>) => ({
        ...states,
        suspended: { ...suspended, states: { asking: {}, waiting: {} } },
      }),
      0,
    ],
    [
      'a degraded node can not leave',
      ({ degraded, ...states }: Record<string, Config>) => ({ ...states, degraded: { ...degraded, on: {} } }),
      1,
    ],
    [
      'a suspended node goes on when the cluster changes',
      ({ suspended, ...states }: Record<string, Config>) => ({
        ...states,
        suspended: { ...suspended, on: { 'cluster.changed': 'member' } },
      }),
      2,
    ],
    [
      'a degraded node claims shards',
      ({ degraded, ...states }: Record<string, Config>) => ({
        ...states,
        degraded: { ...degraded, on: { 'cluster.changed': { actions: { type: 'command', params: 'look' } } } },
      }),
      3,
    ],
    [
      'a member does not notice that it was frozen',
      ({ member, ...states }: Record<string, Config>) => ({
        ...states,
        member: { ...member, on: { 'renewal.failed': 'degraded', 'node.leave': 'draining' } },
      }),
      4,
    ],
    [
      'a member looks when it reaches the engine again',
      ({ member, ...states }: Record<string, Config>) => ({
        ...states,
        member: { ...member, on: { ...(member?.['on'] as Config), 'engine.reachable': 'member' } },
      }),
      5,
    ],
  ] as const)('%s', (_, change, invariant) => {
    const violations = Object.values(INVARIANTS)[invariant]!;
    expect(violations(withChangedStates(change as never)).length > 0).toBe(true);
  });
});
