/** A few walks through a machine that together take every transition, or every two that can follow one another. */
import type { AnyStateMachine, EventFromLogic, ExecutableActionObject, InputFrom, SnapshotFrom } from 'xstate';
import { goalsOf, lastOf, reachable } from './coverage.ts';
import type { Cover, Place } from './coverage.ts';
import { nearestGoal } from './nearest-goal.ts';
import type { TimedEdge, TimedGraph, TimedRoot } from './timed-graph.ts';
import type { Outcome, TimedState, TimedStep } from './timed-state.ts';
import type { Microstep } from './transition-pairs.ts';

/** One step of a path, and what has to come of it. */
export interface PathStep<Machine extends AnyStateMachine> {
  /** What happens, and at what time. */
  readonly step: TimedStep<EventFromLogic<Machine>>;
  /** Where the machine is afterwards. */
  readonly snapshot: SnapshotFrom<Machine>;
  /** The ids of the transitions taken, by microstep. */
  readonly microsteps: readonly Microstep[];
  /** What the machine asks to be done. */
  readonly actions: readonly ExecutableActionObject[];
}

/** A walk from the start. */
export interface TimedPath<Machine extends AnyStateMachine> {
  readonly input: InputFrom<Machine>;
  /** Where the machine is before the first step. */
  readonly initial: SnapshotFrom<Machine>;
  readonly steps: readonly PathStep<Machine>[];
}

export interface CoveringOptions {
  /** What the paths have to cover. `pairs`: every transition right after every other that it can follow. */
  cover: Cover;
  /**
   * The most steps of a path. Long paths are fewer and have less to repeat; short ones say more when they fail.
   * @defaultValue 50
   */
  maxLength?: number;
}

export interface CoveringPaths<Machine extends AnyStateMachine> {
  readonly paths: readonly TimedPath<Machine>[];
  /** What they cover, as in {@link reachable}. */
  readonly covered: ReadonlySet<string>;
  /**
   * What the graph has, but no path: it takes more steps than a path may have, or states that differ count as one (the
   * key leaves out something that matters).
   */
  readonly missing: readonly string[];
}

const DEFAULT_MAX_LENGTH = 50;

/** A path in the making. Every step is really taken, so a path never has a step that its own past does not allow. */
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

  /** Whether the step did what the graph says; if not it is not taken. */
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
 * Finds paths that together cover every transition, or every pair of consecutive transitions, that the graph has. Each
 * is replayed from the start, so all of it is possible, to the millisecond. The same graph always gives the same paths.
 *
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

  /** Goes the shortest way to something open. Gives the walk that went it, or `null` when nothing is within reach. */
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
