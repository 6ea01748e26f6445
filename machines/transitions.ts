/** Gives each transition of a chart an id that stays the same from run to run, so that coverage can be counted. */
import type { AnyStateMachine, AnyStateNode, AnyTransitionDefinition } from 'xstate';

/** One arrow of a chart. */
export interface ChartTransition {
  /**
   * The id of its source state, its trigger, and its index among the transitions of that trigger:
   * `light.green on timer.expired [0]`, `light.red after redDelay [1]`, `light.fork always [0]`.
   */
  readonly id: string;
  /** The id of its source state. */
  readonly source: string;
  /** The ids of its target states; empty for a transition that only runs actions. */
  readonly targets: readonly string[];
}

type Group = readonly [trigger: string, transitions: readonly AnyTransitionDefinition[]];

/** Only delayed transitions (`after`) have a delay. */
const delayOf = (transition: AnyTransitionDefinition | undefined): string | null =>
  transition !== undefined && 'delay' in transition ? String(transition.delay) : null;

/** Leaves out the initial transition, which enters a state rather than leaving one. */
function groupsOf(node: AnyStateNode): Group[] {
  const byEvent = [...node.transitions].map(([event, transitions]): Group => {
    const delay = delayOf(transitions[0]);
    return [delay === null ? `on ${event}` : `after ${delay}`, transitions];
  });
  return node.always === undefined ? byEvent : [...byEvent, ['always', node.always]];
}

const idIn = (node: AnyStateNode, trigger: string, index: number): string => `${node.id} ${trigger} [${index}]`;

const nodesBelow = (node: AnyStateNode): AnyStateNode[] => [node, ...Object.values(node.states).flatMap(nodesBelow)];

/** Calls `visit` for each transition of a machine, with its id, in the order of the chart. */
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
 * Returns every transition of a machine: of events, `always`, `after`, and `onDone` and `onError` of its invokes.
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
 * Returns the id that {@link transitionsOf} gives a transition, or `undefined` for an initial transition. The
 * transition may belong to a copy of the machine that `provide()` made.
 */
export function transitionId(transition: AnyTransitionDefinition): string | undefined {
  for (const [trigger, transitions] of groupsOf(transition.source)) {
    const index = transitions.indexOf(transition);
    if (index !== -1) return idIn(transition.source, trigger, index);
  }
  return undefined;
}
