/** Finds a few paths through a machine that together take every transition, or every pair of transitions. */
import type { AnyStateMachine, EventFromLogic, ExecutableActionObject, InputFrom, SnapshotFrom } from 'xstate';
import { goalsOf, lastOf, reachable } from './coverage.ts';
import type { Cover, Place } from './coverage.ts';
import { nearestGoal } from './nearest-goal.ts';
import type { TimedEdge, TimedGraph, TimedRoot } from './timed-graph.ts';
import type { Outcome, TimedState, TimedStep } from './timed-state.ts';
import type { Microstep } from './transition-pairs.ts';

/** One step of a path, and its expected result. */
export interface PathStep<Machine extends AnyStateMachine> {
  /** What happens, and when. */
  readonly step: TimedStep<EventFromLogic<Machine>>;
  /** The snapshot of the machine after the step. */
  readonly snapshot: SnapshotFrom<Machine>;
  /** The ids of the transitions that the step takes, by microstep. */
  readonly microsteps: readonly Microstep[];
  /** The actions that the step runs, in order. */
  readonly actions: readonly ExecutableActionObject[];
}

/** A path from the start of the machine. */
export interface TimedPath<Machine extends AnyStateMachine> {
  /** The input to start the machine with. */
  readonly input: InputFrom<Machine>;
  /** The snapshot of the machine before the first step. */
  readonly initial: SnapshotFrom<Machine>;
  /** The steps, in order. */
  readonly steps: readonly PathStep<Machine>[];
}

/** Options of {@link coveringPaths}. */
export interface CoveringOptions {
  /** What the paths must cover: `transitions`, or `pairs` of consecutive transitions. */
  cover: Cover;
  /**
   * Max steps of a path. Long paths are fewer and repeat less; a short path is easier to read when it fails.
   * @defaultValue 50
   */
  maxLength?: number;
}

/** The result of {@link coveringPaths}. */
export interface CoveringPaths<Machine extends AnyStateMachine> {
  /** The paths. */
  readonly paths: readonly TimedPath<Machine>[];
  /** The ids that the paths cover, as in {@link reachable}. */
  readonly covered: ReadonlySet<string>;
  /**
   * The ids in the graph that no path covers. Either they need more steps than `maxLength`, or the option `key` of
   * {@link exploreTimed} leaves out something that decides where the machine goes.
   */
  readonly missing: readonly string[];
}

const DEFAULT_MAX_LENGTH = 50;

/**
 * A path under construction. It takes every step on the machine, so that each step is possible after those before it.
 */
class Walk<Machine extends AnyStateMachine> {
  readonly steps: PathStep<Machine>[] = [];
  readonly #graph: TimedGraph<Machine>;
  readonly #root: TimedRoot<Machine>;
  #state: TimedState<Machine>;
  #place: Place;

  constructor(graph: TimedGraph<Machine>, root: TimedRoot<Machine>) {
    this.#graph = graph;
    this.#root = root;
    this.#state = root.state;
    this.#place = { node: root.node, last: lastOf([], root.microsteps) };
  }

  get place(): Place {
    return this.#place;
  }

  get path(): TimedPath<Machine> {
    return { input: this.#root.input, initial: this.#root.state.snapshot, steps: this.steps };
  }

  /** Takes a step and returns `true`, or returns `false` when the step would not do what the graph says. */
  tryStep(edge: TimedEdge): boolean {
    const step = this.#graph.stepsFrom(this.#state)[edge.choice];
    if (step === undefined) return false;
    const outcome: Outcome<Machine> = this.#state.take(step);
    if (JSON.stringify(outcome.microsteps) !== JSON.stringify(edge.microsteps)) return false;
    const { state, microsteps, actions } = outcome;
    this.steps.push({ step, snapshot: state.snapshot, microsteps, actions });
    this.#state = state;
    this.#place = { node: edge.to, last: lastOf(this.#place.last, microsteps) };
    return true;
  }
}

/**
 * Returns paths that together cover every transition, or every pair of consecutive transitions, in the graph. Each path
 * is replayed from the start of the machine, so every step is possible at its time, to the millisecond. The same graph
 * always gives the same paths.
 *
 * @throws what the machine throws.
 * @see {@link exploreTimed}
 */
export function coveringPaths<Machine extends AnyStateMachine>(
  graph: TimedGraph<Machine>,
  { cover, maxLength = DEFAULT_MAX_LENGTH }: CoveringOptions,
): CoveringPaths<Machine> {
  const uncovered = reachable(graph, cover);
  const covered = new Set<string>();
  const markCovered = (last: Microstep, microsteps: readonly Microstep[]): void => {
    for (const goal of goalsOf(cover, last, microsteps)) {
      uncovered.delete(goal);
      covered.add(goal);
    }
  };
  for (const { microsteps } of graph.roots) markCovered([], microsteps);

  /** Extends one of the walks to the nearest uncovered goal, and returns it; `null` when no goal is within reach. */
  const extend = (walks: readonly Walk<Machine>[], excluded: Set<TimedEdge>): Walk<Machine> | null => {
    const maxEdges = maxLength - Math.max(...walks.map(({ steps }) => steps.length));
    const goalPath = nearestGoal({
      graph,
      cover,
      starts: walks.map(({ place }) => place),
      uncovered,
      maxEdges,
      excluded,
    });
    const walk = walks[goalPath?.start ?? -1];
    if (goalPath === null || walk === undefined) return null;
    for (const edge of goalPath.edges) {
      const { last } = walk.place;
      if (walk.tryStep(edge)) markCovered(last, edge.microsteps);
      else {
        excluded.add(edge);
        break;
      }
    }
    return walk;
  };

  const paths: TimedPath<Machine>[] = [];
  const excluded = new Set<TimedEdge>();
  for (;;) {
    const walk = extend(
      graph.roots.map((root) => new Walk(graph, root)),
      excluded,
    );
    if (walk === null) return { paths, covered, missing: [...uncovered] };
    const excludedHere = new Set<TimedEdge>();
    while (extend([walk], excludedHere) !== null);
    if (walk.steps.length > 0) paths.push(walk.path);
  }
}
