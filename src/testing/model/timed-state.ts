/**
 * A state of a machine together with its time. XState's pure functions compute the next state, but leave time out: a
 * walk with them may take a delay of 20 s before one of 5 s. Here every delay has its due time, and only the earliest
 * may fire.
 */
import { getInitialMicrosteps, getMicrosteps } from 'xstate';
import type {
  AnyMachineSnapshot,
  AnyStateMachine,
  EventFromLogic,
  EventObject,
  ExecutableActionObject,
  InputFrom,
  SnapshotFrom,
} from 'xstate';
import { instrumentedMachine, transitionIdsIn, withoutMarkers } from './instrumented-machine.ts';
import { PendingTimers } from './pending-timers.ts';
import type { PendingTimer } from './pending-timers.ts';

/** One step of a machine: an event from outside, or its earliest timer. `at` is in milliseconds since the start. */
export type TimedStep<Event extends EventObject = EventObject> =
  | { readonly type: 'event'; readonly event: Event; readonly at: number }
  | { readonly type: 'timer'; readonly event: EventObject; readonly at: number };

/** The result of a step. */
export interface Outcome<Machine extends AnyStateMachine> {
  /** The state after the step. */
  readonly state: TimedState<Machine>;
  /** The ids of the transitions taken, by microstep. Parallel regions may take several in one microstep. */
  readonly microsteps: readonly (readonly string[])[];
  /** The actions that the step runs, in order. The `params` of `xstate.sendTo` hold the event and its receiver. */
  readonly actions: readonly ExecutableActionObject[];
}

type Microsteps = readonly (readonly [snapshot: unknown, actions: readonly ExecutableActionObject[]])[];

/** One state of a machine at one time, for walks of your own. It does not change: `take()` returns the next state. */
export class TimedState<Machine extends AnyStateMachine> {
  /** The snapshot of the machine. */
  readonly snapshot: SnapshotFrom<Machine>;
  /** The time, in milliseconds since the start of the machine. */
  readonly at: number;
  readonly #machine: Machine;
  readonly #timers: PendingTimers;

  private constructor(machine: Machine, snapshot: SnapshotFrom<Machine>, at: number, timers: PendingTimers) {
    this.#machine = machine;
    this.snapshot = snapshot;
    this.at = at;
    this.#timers = timers;
  }

  /**
   * Starts a machine and returns its first state.
   *
   * @throws what the machine throws.
   */
  static initial<Machine extends AnyStateMachine>(machine: Machine, input?: InputFrom<Machine>): Outcome<Machine> {
    const instrumented: AnyStateMachine = instrumentedMachine(machine);
    const before = new TimedState(instrumented as Machine, undefined as SnapshotFrom<Machine>, 0, PendingTimers.none);
    return before.#outcome(getInitialMicrosteps(instrumented, input), 0, PendingTimers.none);
  }

  /** The pending timers, the earliest first. */
  get timers(): readonly PendingTimer[] {
    return this.#timers.all;
  }

  /**
   * Returns the possible next steps: each event that comes before the next timer is due, and that timer.
   *
   * @param events - The events from outside.
   * @param takesMs - Returns how many milliseconds an event takes to come. Default: 0.
   */
  steps(
    events: readonly EventFromLogic<Machine>[],
    takesMs: (event: EventFromLogic<Machine>) => number = () => 0,
  ): TimedStep<EventFromLogic<Machine>>[] {
    const { next } = this.#timers;
    const steps: TimedStep<EventFromLogic<Machine>>[] = [];
    for (const event of events) {
      const at = this.at + takesMs(event);
      if (this.#isTimely(at)) steps.push({ type: 'event', event, at });
    }
    if (next !== undefined) steps.push({ type: 'timer', event: next.event, at: next.dueAt });
    return steps;
  }

  /**
   * Takes a step and returns its outcome. This state does not change.
   * @throws RangeError when the step is not possible in this state.
   * @throws what the machine throws.
   */
  take(step: TimedStep<EventFromLogic<Machine>>): Outcome<Machine> {
    const timers = step.type === 'timer' ? this.#timers.without(this.#due(step.event, step.at)) : this.#timers;
    if (step.type === 'event' && !this.#isTimely(step.at)) {
      throw new RangeError(
        `no event can come at ${step.at} ms: the time is ${this.at} ms, and the next timer is due at ${timers.next?.dueAt} ms`,
      );
    }
    const microsteps = getMicrosteps(this.#machine, this.snapshot, step.event as EventFromLogic<Machine>);
    return this.#outcome(microsteps, step.at, timers);
  }

  /**
   * Returns a key that is equal for states that differ only in their time. It contains the value of the state, your
   * part of the context, and the distances between timers. The time until the first timer does not matter, because
   * events take no time.
   *
   * @param contextKey - The part of the context that decides where the machine goes. Default: an empty text.
   */
  key(contextKey = ''): string {
    const firstAt = this.#timers.all[0]?.dueAt ?? 0;
    const distances = this.#timers.all.map(({ id, dueAt }) => [id, dueAt === firstAt ? 0 : dueAt - firstAt]);
    return JSON.stringify([(this.snapshot as AnyMachineSnapshot).value, contextKey, distances]);
  }

  /** An event may come now even if a timer is due now, because either may come first. */
  #isTimely(at: number): boolean {
    return at === this.at || (at > this.at && at < (this.#timers.next?.dueAt ?? Infinity));
  }

  #due({ type }: EventObject, at: number): PendingTimer {
    const { next } = this.#timers;
    if (next?.event.type === type && next.dueAt === at) return next;
    throw new RangeError(
      `${type} at ${at} ms is not the next timer, which is ${next === undefined ? 'not set' : `${next.event.type} at ${next.dueAt} ms`}`,
    );
  }

  #outcome(microsteps: Microsteps, at: number, timers: PendingTimers): Outcome<Machine> {
    const snapshot = (microsteps.at(-1)?.[0] ?? this.snapshot) as SnapshotFrom<Machine>;
    const actions = withoutMarkers(microsteps.flatMap(([, stepActions]) => stepActions));
    return {
      state: new TimedState(this.#machine, snapshot, at, timers.after(actions, at)),
      microsteps: microsteps.map(([, stepActions]) => transitionIdsIn(stepActions)).filter((ids) => ids.length > 0),
      actions,
    };
  }
}
