/** Every state a machine can come to, if time passes as it must, and what leads from each to the next. */
import type { AnyStateMachine, EventFromLogic, InputFrom, SnapshotFrom } from 'xstate';
import { TimedState } from './timed-state.ts';
import type { Outcome, TimedStep } from './timed-state.ts';
import type { Microstep } from './transition-pairs.ts';

/** How {@link exploreTimed} goes about a machine. */
export interface ExploreOptions<
  Machine extends AnyStateMachine,
  Event extends EventFromLogic<Machine> = EventFromLogic<Machine>,
> {
  /**
   * What the machine is started with; the graph has a root for each.
   * @defaultValue once, without input
   */
  inputs?: readonly InputFrom<Machine>[];
  /** What may come from outside in a state. Those the machine does nothing with cost little. */
  events: (snapshot: SnapshotFrom<Machine>) => readonly Event[];
  /**
   * How many ms an event takes to come; it can't if a timer is due first.
   * @defaultValue 0, at once
   */
  takesMs?: (event: EventFromLogic<Machine>) => number;
  /**
   * Whether time may pass in a state; `false` where the world never leaves the machine waiting.
   * @defaultValue always
   */
  waits?: (snapshot: SnapshotFrom<Machine>) => boolean;
  /**
   * What of the context makes a difference to where the machine goes. States that agree in it, in their value and in how
   * far apart their timers are count as one: leave counters out, or there is no end to them.
   * @defaultValue nothing
   */
  key?: (snapshot: SnapshotFrom<Machine>) => string;
  /**
   * Where not to go on.
   * @defaultValue nowhere
   */
  stopWhen?: (snapshot: SnapshotFrom<Machine>) => boolean;
  /**
   * The most states there may be.
   * @defaultValue 20_000
   */
  limit?: number;
}

/** One step from one state to another. */
export interface TimedEdge {
  /** Index of the state it leads to. */
  readonly to: number;
  /** Which of {@link TimedGraph.stepsFrom} it is. */
  readonly choice: number;
  /** The ids of the transitions taken, by microstep; none for a timer that nothing came of. */
  readonly microsteps: readonly Microstep[];
}

/** A state, and what leads on from it. */
export interface TimedNode<Machine extends AnyStateMachine> {
  /** The first state found of those that count as one. */
  readonly state: TimedState<Machine>;
  readonly edges: readonly TimedEdge[];
}

/** Where the machine starts with an input. */
export interface TimedRoot<Machine extends AnyStateMachine> extends Outcome<Machine> {
  readonly input: InputFrom<Machine>;
  readonly node: number;
}

const DEFAULT_LIMIT = 20_000;

/** What {@link exploreTimed} finds. */
export class TimedGraph<Machine extends AnyStateMachine> {
  readonly machine: Machine;
  readonly roots: readonly TimedRoot<Machine>[];
  /** In the order they were found, nearest first. */
  readonly nodes: readonly TimedNode<Machine>[];
  readonly #options: ExploreOptions<Machine>;

  /** {@link exploreTimed} is the way to one. */
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
        throw new RangeError(`more than ${limit} states: drop what only counts from the key, or raise the limit`);
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

  /** What can happen in a state, in an order that is the same for all states that count as one. */
  stepsFrom(state: TimedState<Machine>): TimedStep<EventFromLogic<Machine>>[] {
    const { events, takesMs, waits = () => true } = this.#options;
    const steps = state.steps(events(state.snapshot), takesMs);
    return waits(state.snapshot) ? steps : steps.filter(({ at }) => at === state.at);
  }

  /** How many steps there are between all the states. */
  get size(): number {
    return this.nodes.reduce((sum, { edges }) => sum + edges.length, 0);
  }

  #grow(state: TimedState<Machine>, edges: TimedEdge[], indexOf: (state: TimedState<Machine>) => number): void {
    const found = new Set<string>();
    for (const [choice, step] of this.stepsFrom(state).entries()) {
      const { state: next, microsteps } = state.take(step);
      if (microsteps.length === 0 && step.type === 'event') continue;
      const to = indexOf(next);
      // Two events that do the same are one to the chart.
      const name = JSON.stringify([to, microsteps]);
      if (!found.has(name)) edges.push({ to, choice, microsteps });
      found.add(name);
    }
  }
}

/**
 * Finds every state a machine can come to. Time only moves on when a timer fires, and always the earliest one, so what
 * is found is what can be: other than with `xstate/graph`, which may fire a delay of 20 s before one of 5 s.
 *
 * @throws RangeError with more states than the limit.
 * @throws what the machine throws.
 * @see {@link coveringPaths}
 */
export const exploreTimed = <Machine extends AnyStateMachine, const Event extends EventFromLogic<Machine>>(
  machine: Machine,
  options: ExploreOptions<Machine, Event>,
): TimedGraph<Machine> => new TimedGraph(machine, options);
