/**
 * A state of a machine together with its time. XState's pure functions tell what a machine *would* do but leave time
 * out, so a walk with them may take a delay of 20 s before one of 5 s. Here the due time of every delay is kept, and
 * only the earliest may come.
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

/** One thing that happens to a machine: an event from outside, or the earliest of its timers. */
export type TimedStep<Event extends EventObject = EventObject> =
  | { readonly type: 'event'; readonly event: Event; /** In ms since the start. */ readonly at: number }
  | { readonly type: 'timer'; readonly event: EventObject; /** In ms since the start. */ readonly at: number };

/** What came of a step. */
export interface Outcome<Machine extends AnyStateMachine> {
  readonly state: TimedState<Machine>;
  /** The ids of the transitions taken, by microstep: parallel regions may take several at once. None when it is empty. */
  readonly microsteps: readonly (readonly string[])[];
  /** What the machine asks to be done, in order: the `params` of `xstate.sendTo` hold the event and its receiver. */
  readonly actions: readonly ExecutableActionObject[];
}

type Microsteps = readonly (readonly [snapshot: unknown, actions: readonly ExecutableActionObject[]])[];

export class TimedState<Machine extends AnyStateMachine> {
  readonly snapshot: SnapshotFrom<Machine>;
  /** In ms since the start. */
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
   * Where a machine starts.
   *
   * @throws what the machine throws.
   */
  static initial<Machine extends AnyStateMachine>(machine: Machine, input?: InputFrom<Machine>): Outcome<Machine> {
    const instrumented: AnyStateMachine = instrumentedMachine(machine);
    const before = new TimedState(instrumented as Machine, undefined as SnapshotFrom<Machine>, 0, PendingTimers.none);
    return before.#outcome(getInitialMicrosteps(instrumented, input), 0, PendingTimers.none);
  }

  /** The delays under way, the earliest first. */
  get timers(): readonly PendingTimer[] {
    return this.#timers.all;
  }

  /**
   * What can happen next: each of the events that comes before a timer does, and the earliest timer.
   *
   * @param events - from outside.
   * @param takesMs - how long an event takes to come; default 0, at once.
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
   * @throws RangeError for a step that can't be taken from here.
   * @throws what the machine throws.
   */
  take(step: TimedStep<EventFromLogic<Machine>>): Outcome<Machine> {
    const timers = step.type === 'timer' ? this.#timers.without(this.#due(step.event, step.at)) : this.#timers;
    if (step.type === 'event' && !this.#isTimely(step.at)) {
      throw new RangeError(
        `no event can come at ${step.at} ms: it is ${this.at} ms, and the next timer is due at ${timers.next?.dueAt} ms`,
      );
    }
    const microsteps = getMicrosteps(this.#machine, this.snapshot, step.event as EventFromLogic<Machine>);
    return this.#outcome(microsteps, step.at, timers);
  }

  /**
   * The same for states that differ in nothing but when they are: the value, what is said of the context, and how far
   * apart the timers are. A machine can't see how long it is until the first of them, for events take no time.
   */
  key(ofContext = ''): string {
    const firstAt = this.#timers.all[0]?.dueAt ?? 0;
    const apart = this.#timers.all.map(({ id, dueAt }) => [id, dueAt === firstAt ? 0 : dueAt - firstAt]);
    return JSON.stringify([(this.snapshot as AnyMachineSnapshot).value, ofContext, apart]);
  }

  /** At once even if a timer is due now: which of the two comes first is open. */
  #isTimely(at: number): boolean {
    return at === this.at || (at > this.at && at < (this.#timers.next?.dueAt ?? Infinity));
  }

  #due({ type }: EventObject, at: number): PendingTimer {
    const { next } = this.#timers;
    if (next?.event.type === type && next.dueAt === at) return next;
    throw new RangeError(
      `${type} at ${at} ms is not the next timer: that is ${next?.event.type ?? 'none'} at ${next?.dueAt} ms`,
    );
  }

  #outcome(microsteps: Microsteps, at: number, timers: PendingTimers): Outcome<Machine> {
    const snapshot = (microsteps.at(-1)?.[0] ?? this.snapshot) as SnapshotFrom<Machine>;
    const actions = withoutMarkers(microsteps.flatMap(([, acted]) => acted));
    return {
      state: new TimedState(this.#machine, snapshot, at, timers.after(actions, at)),
      microsteps: microsteps.map(([, acted]) => transitionIdsIn(acted)).filter((ids) => ids.length > 0),
      actions,
    };
  }
}
