/**
 * Observes one running machine: each event, the transitions taken for it, and the states active afterwards. Only this
 * file reads internals of XState's inspection. Its observer never throws, and reveals only the name of an event.
 */
import type { AnyActorRef, AnyMachineSnapshot, AnyTransitionDefinition, InspectionEvent, StateValue } from 'xstate';
import { flatStateOf } from '../../machines/index.ts';
import type { ShardState } from '../../machines/index.ts';
import { transitionId } from '../../machines/transitions.ts';

/** A step of a running statechart. */
export interface MachineStep {
  /** The name of the event. */
  readonly event: string;
  /** The ids of the transitions taken. */
  readonly taken: readonly string[];
  /** The ids of the active states, outermost first. */
  readonly active: readonly string[];
  /** How long ago it was taken, in ms: the time on its way from a worker thread. `null` for a machine in this thread. */
  readonly delayMs: number | null;
}

/** A statechart whose steps can be observed. */
export interface StepSource {
  /** The ids of the active states, outermost first; `null` while they are not known. */
  readonly active: readonly string[] | null;
  /** Calls `onStep` for each step until the returned function is called. */
  observeSteps(onStep: (step: MachineStep) => void): () => void;
}

/** `xstate.after.NAME.STATE` → `after NAME`. */
const eventName = (type: string): string => type.replace(/^xstate\.after\.([^.]+)\..*$/, 'after $1');

/** `{ online: { session: 'ready' } }` of `shard` → `shard.online`, `shard.online.session`, `shard.online.session.ready`. */
export function activeStates(id: string, value: StateValue): string[] {
  if (typeof value === 'string') return [`${id}.${value}`];
  return Object.entries(value).flatMap(([key, inner]) => [
    `${id}.${key}`,
    ...(inner === undefined ? [] : activeStates(`${id}.${key}`, inner)),
  ]);
}

export function activeStatesOf(actor: AnyActorRef): string[] {
  const { value, machine } = actor.getSnapshot() as AnyMachineSnapshot;
  return activeStates(machine.id, value as StateValue);
}

/** The state of the chart behind a flat state, where its path is longer than its name. */
const STATE_PATHS: Partial<Record<ShardState, string>> = {
  connecting: 'online.session.connecting',
  identifying: 'online.session.identifying',
  resuming: 'online.session.resuming',
  ready: 'online.session.ready',
};

export const activeStatesFromFlat = (state: ShardState): string[] => [`shard.${STATE_PATHS[state] ?? state}`];

const SESSION = 'shard.online.session.';

/** Whether a shard with these active states is in that flat state. */
export function areActiveIn(active: readonly string[], state: ShardState): boolean {
  const [outermost = ''] = active;
  const id = active.find((candidate) => candidate.startsWith(SESSION)) ?? outermost;
  return flatStateOf(id.slice(id.lastIndexOf('.') + 1)) === state;
}

/** A machine takes the same few transitions again and again. */
const transitionIds = new WeakMap<AnyTransitionDefinition, string | null>();

function cachedTransitionId(transition: AnyTransitionDefinition): string | null {
  let id = transitionIds.get(transition);
  if (id === undefined) {
    id = transitionId(transition) ?? null;
    transitionIds.set(transition, id);
  }
  return id;
}

/** Calls `onStep` for each step of the actor until the returned function is called. */
export function observeSteps(actor: AnyActorRef, onStep: (step: MachineStep) => void): () => void {
  let taken: string[] = [];
  const onInspection = (event: InspectionEvent): void => {
    if (event.actorRef !== actor) return;
    if (event.type === '@xstate.microstep') {
      for (const transition of event._transitions) {
        const id = cachedTransitionId(transition);
        if (id !== null) taken.push(id);
      }
    } else if (event.type === '@xstate.snapshot') {
      const active = activeStatesOf(actor);
      const step: MachineStep = { event: eventName(event.event.type), taken, active, delayMs: null };
      taken = [];
      onStep(step);
    }
  };
  const subscription = actor.system.inspect((event: InspectionEvent) => {
    try {
      onInspection(event);
    } catch {
      // A throw here would stop the machine's mailbox, so a step that can not be read is not shown.
    }
  });
  return () => subscription.unsubscribe();
}

/** The steps of an actor that no other replaces. */
export const stepsOfActor = (actor: AnyActorRef): StepSource => ({
  get active() {
    return activeStatesOf(actor);
  },
  observeSteps: (onStep) => observeSteps(actor, onStep),
});
