/**
 * Converts the chart to the format of XState 4. The differences from XState 5 are `cond` instead of `guard`, a key as
 * `initial`, `internal` instead of the lack of `reenter`, and no parameters of actions and guards.
 */
import type { AnyStateMachine, AnyStateNode, AnyTransitionDefinition } from 'xstate';

interface Named {
  readonly type: string;
}

export interface XState4Transition {
  readonly target?: readonly string[];
  readonly cond?: Named;
  readonly actions: readonly Named[];
  readonly internal: boolean;
}

type Transitions = Readonly<Record<string, readonly XState4Transition[]>>;

export interface XState4Definition {
  readonly id: string;
  readonly key: string;
  readonly type: AnyStateNode['type'];
  readonly initial?: string;
  readonly states: Readonly<Record<string, XState4Definition>>;
  readonly on: Transitions;
  readonly after: Transitions;
  readonly always?: readonly XState4Transition[];
  readonly entry: readonly Named[];
  readonly exit: readonly Named[];
  readonly invoke: readonly { readonly id: string; readonly src: string }[];
}

/** Accepts a name, `{ type, params }`, or an action built into XState, which is a function with a `type`. */
function toNamed(action: unknown): Named {
  if (typeof action === 'string') return { type: action };
  const type =
    (typeof action === 'object' || typeof action === 'function') && action !== null && 'type' in action
      ? action.type
      : null;
  return { type: typeof type === 'string' ? type : 'anonymous' };
}

const isWithin = (target: AnyStateNode, source: AnyStateNode): boolean =>
  target === source || (target.parent !== undefined && isWithin(target.parent, source));

function toXState4Transition({ source, target, guard, actions, reenter }: AnyTransitionDefinition): XState4Transition {
  return {
    ...(target === undefined ? {} : { target: target.map(({ id }) => `#${id}`) }),
    ...(guard === undefined ? {} : { cond: toNamed(guard) }),
    actions: actions.map(toNamed),
    internal: !reenter && (target ?? []).every((node) => isWithin(node, source)),
  };
}

/** Only transitions of `after` have a delay. */
const delayOf = ([transition]: readonly AnyTransitionDefinition[]): string | null =>
  transition !== undefined && 'delay' in transition ? String(transition.delay) : null;

/** Delayed transitions are grouped by their delay, all others by their event. */
function transitionsOf({ transitions }: AnyStateNode): { on: Transitions; after: Transitions } {
  const on: Record<string, XState4Transition[]> = {};
  const after: Record<string, XState4Transition[]> = {};
  for (const [event, group] of transitions) {
    const delay = delayOf(group);
    (delay === null ? on : after)[delay ?? event] = group.map(toXState4Transition);
  }
  return { on, after };
}

const initialOf = (node: AnyStateNode): { initial?: string } => {
  const key = node.initial.target?.[0]?.key;
  return key === undefined ? {} : { initial: key };
};

const nodeDefinition = (node: AnyStateNode): XState4Definition => ({
  id: node.id,
  key: node.key,
  type: node.type,
  ...initialOf(node),
  states: Object.fromEntries(Object.entries(node.states).map(([key, child]) => [key, nodeDefinition(child)])),
  ...transitionsOf(node),
  ...(node.always === undefined ? {} : { always: node.always.map(toXState4Transition) }),
  // From the config, since XState has added its own actions to the node, which start and cancel the timers of `after`.
  entry: [node.config.entry ?? []].flat().map(toNamed),
  exit: [node.config.exit ?? []].flat().map(toNamed),
  invoke: node.invoke.map(({ id, src }) => ({ id, src: typeof src === 'string' ? src : id })),
});

export const toXState4Definition = (machine: AnyStateMachine): XState4Definition => nodeDefinition(machine.root);
