/** The transitions of a chart, each with a name that stays the same from run to run, so that coverage can be counted. */
import type { AnyStateMachine, AnyStateNode, AnyTransitionDefinition } from 'xstate';

/** One arrow of a chart. */
export interface ChartTransition {
  /**
   * The id of the state it leaves from, what sets it off, and its place among those that the same thing sets off there:
   * `light.green on timer.expired [0]`, `light.red after redDelay [1]`, `light.fork always [0]`.
   */
  readonly id: string;
  /** The id of the state it leaves from. */
  readonly source: string;
  /** The ids of the states it leads to; empty for one that only acts. */
  readonly targets: readonly string[];
}

type Group = readonly [trigger: string, transitions: readonly AnyTransitionDefinition[]];

/** Only those of `after` carry their delay. */
const delayOf = (transition: AnyTransitionDefinition | undefined): string | null =>
  transition !== undefined && 'delay' in transition ? String(transition.delay) : null;

/** The initial transition is none of these: it is how a state is entered, not how one is left. */
function groupsOf(node: AnyStateNode): Group[] {
  const byEvent = [...node.transitions].map(([event, transitions]): Group => {
    const delay = delayOf(transitions[0]);
    return [delay === null ? `on ${event}` : `after ${delay}`, transitions];
  });
  return node.always === undefined ? byEvent : [...byEvent, ['always', node.always]];
}

const idIn = (node: AnyStateNode, trigger: string, index: number): string => `${node.id} ${trigger} [${index}]`;

const nodesBelow = (node: AnyStateNode): AnyStateNode[] => [node, ...Object.values(node.states).flatMap(nodesBelow)];

/** Calls back for each transition of a machine, with its id, in the order of the chart. */
export function eachTransition(
  machine: AnyStateMachine,
  visit: (id: string, transition: AnyTransitionDefinition) => void,
): void {
  for (const node of nodesBelow(machine.root)) {
    for (const [trigger, transitions] of groupsOf(node)) {
      for (const [index, transition] of transitions.entries()) visit(idIn(node, trigger, index), transition);
    }
  }
}

/**
 * Every transition of a machine: those of events, `always`, `after`, and the `onDone` and `onError` of what it invokes.
 *
 * @example
 * ```ts
 * const recorder = new TransitionRecorder();
 * // … run actors with `inspect: recorder.observe` …
 * expect(recorder.missing(transitionsOf(machine).map(({ id }) => id))).toEqual([]);
 * ```
 */
export function transitionsOf(machine: AnyStateMachine): ChartTransition[] {
  const found: ChartTransition[] = [];
  eachTransition(machine, (id, { source, target }) => {
    found.push({ id, source: source.id, targets: (target ?? []).map((node) => node.id) });
  });
  return found;
}

/**
 * The id {@link transitionsOf} gives a transition, which may be of a copy of the machine made by `provide()`;
 * `undefined` for an initial transition.
 */
export function transitionId(transition: AnyTransitionDefinition): string | undefined {
  for (const [trigger, transitions] of groupsOf(transition.source)) {
    const index = transitions.indexOf(transition);
    if (index !== -1) return idIn(transition.source, trigger, index);
  }
  return undefined;
}
