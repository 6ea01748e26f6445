/** Finds every state that a machine can reach when its timers fire in the order they are due, and the steps between. */
import type { AnyStateMachine, EventFromLogic, InputFrom, SnapshotFrom } from 'xstate';
import { TimedState } from './timed-state.ts';
import type { Outcome, TimedStep } from './timed-state.ts';
import type { Microstep } from './transition-pairs.ts';

/** Options of {@link exploreTimed}. */
export interface ExploreOptions<
  Machine extends AnyStateMachine,
  Event extends EventFromLogic<Machine> = EventFromLogic<Machine>,
> {
  /**
   * The inputs to start the machine with. The graph has a root for each.
   * @defaultValue one start without input
   */
  inputs?: readonly InputFrom<Machine>[];
  /** Returns the events that may come from outside in a state. Events that the machine ignores cost little. */
  events: (snapshot: SnapshotFrom<Machine>) => readonly Event[];
  /**
   * Returns how many milliseconds an event takes to come. It can't come if a timer is due first.
   * @defaultValue 0 for every event
   */
  takesMs?: (event: EventFromLogic<Machine>) => number;
  /**
   * Returns whether time may pass in a state. Return `false` where the outside world always answers at once.
   * @defaultValue `true` for every state
   */
  waits?: (snapshot: SnapshotFrom<Machine>) => boolean;
  /**
   * Returns the part of the context that decides where the machine goes. States count as one if they have the same key,
   * the same value and the same distances between their timers. Leave counters out: with them every state is a new one.
   * @defaultValue an empty key
   */
  key?: (snapshot: SnapshotFrom<Machine>) => string;
  /**
   * Returns whether the exploration ends in a state.
   * @defaultValue `false` for every state
   */
  stopWhen?: (snapshot: SnapshotFrom<Machine>) => boolean;
  /**
   * Max number of states.
   * @defaultValue 20_000
   */
  limit?: number;
}

/** One step from one state to another. */
export interface TimedEdge {
  /** The index in {@link TimedGraph.nodes} of the state that the step leads to. */
  readonly to: number;
  /** The index of the step in {@link TimedGraph.stepsFrom}. */
  readonly choice: number;
  /** The ids of the transitions that the step takes, by microstep; empty for a timer that has no effect. */
  readonly microsteps: readonly Microstep[];
}

/** A state, and the steps from it. */
export interface TimedNode<Machine extends AnyStateMachine> {
  /** The first state found, of those that count as one. */
  readonly state: TimedState<Machine>;
  /** The steps to other states. */
  readonly edges: readonly TimedEdge[];
}

/** The start of the machine with one input. */
export interface TimedRoot<Machine extends AnyStateMachine> extends Outcome<Machine> {
  /** The input. */
  readonly input: InputFrom<Machine>;
  /** The index in {@link TimedGraph.nodes} of the first state. */
  readonly node: number;
}

const DEFAULT_LIMIT = 20_000;

/** The states and steps that {@link exploreTimed} finds. */
export class TimedGraph<Machine extends AnyStateMachine> {
  /** The machine that was explored. */
  readonly machine: Machine;
  /** The starts, one for each input. */
  readonly roots: readonly TimedRoot<Machine>[];
  /** The states, in the order they were found: nearest first. */
  readonly nodes: readonly TimedNode<Machine>[];
  readonly #options: ExploreOptions<Machine>;

  /** Use {@link exploreTimed}, which infers the type of the events. */
  constructor(machine: Machine, options: ExploreOptions<Machine>) {
    const {
      inputs = [undefined as InputFrom<Machine>],
      key = () => '',
      stopWhen = () => false,
      limit = DEFAULT_LIMIT,
    } = options;
    this.machine = machine;
    this.#options = options;
    const indices = new Map<string, number>();
    const nodes: { state: TimedState<Machine>; edges: TimedEdge[] }[] = [];
    const indexOf = (state: TimedState<Machine>): number => {
      const name = state.key(key(state.snapshot));
      const known = indices.get(name);
      if (known !== undefined) return known;
      if (nodes.length === limit)
        throw new RangeError(`more than ${limit} states: leave counters out of the key, or raise the limit`);
      indices.set(name, nodes.length);
      return nodes.push({ state, edges: [] }) - 1;
    };
    this.roots = inputs.map((input) => {
      const outcome = TimedState.initial(machine, input);
      return { input, node: indexOf(outcome.state), ...outcome };
    });
    // The list grows while it is walked.
    for (const { state, edges } of nodes) {
      if (!stopWhen(state.snapshot)) this.#grow(state, edges, indexOf);
    }
    this.nodes = nodes;
  }

  /** Returns the steps that can happen in a state, in the same order for all states that count as one. */
  stepsFrom(state: TimedState<Machine>): TimedStep<EventFromLogic<Machine>>[] {
    const { events, takesMs, waits = () => true } = this.#options;
    const steps = state.steps(events(state.snapshot), takesMs);
    return waits(state.snapshot) ? steps : steps.filter(({ at }) => at === state.at);
  }

  /** The number of steps between all states. */
  get size(): number {
    return this.nodes.reduce((sum, { edges }) => sum + edges.length, 0);
  }

  #grow(state: TimedState<Machine>, edges: TimedEdge[], indexOf: (state: TimedState<Machine>) => number): void {
    const found = new Set<string>();
    for (const [choice, step] of this.stepsFrom(state).entries()) {
      const { state: next, microsteps } = state.take(step);
      if (microsteps.length === 0 && step.type === 'event') continue;
      const to = indexOf(next);
      // Two events with the same effect are one step of the graph.
      const name = JSON.stringify([to, microsteps]);
      if (!found.has(name)) edges.push({ to, choice, microsteps });
      found.add(name);
    }
  }
}

/**
 * Finds every state that a machine can reach. Time moves only when a timer fires, and always the earliest one fires, so
 * every state found is possible. `xstate/graph` leaves time out: it may fire a delay of 20 s before one of 5 s.
 *
 * @throws RangeError when there are more states than the limit.
 * @throws what the machine throws.
 * @see {@link coveringPaths}
 */
export const exploreTimed = <Machine extends AnyStateMachine, const Event extends EventFromLogic<Machine>>(
  machine: Machine,
  options: ExploreOptions<Machine, Event>,
): TimedGraph<Machine> => new TimedGraph(machine, options);
