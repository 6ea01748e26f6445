/** Defines what a walk through a graph can cover: transitions, or pairs of consecutive transitions. */
import type { TimedEdge } from './timed-graph.ts';
import { pairsIn } from './transition-pairs.ts';
import type { Microstep } from './transition-pairs.ts';

/**
 * What to cover. `transitions`: every transition. `pairs`: every transition right after every other transition that it
 * can follow; a pair may span two steps.
 */
export type Cover = 'transitions' | 'pairs';

/** The part of a {@link TimedGraph} that a search for paths needs. */
export interface Walkable {
  readonly roots: readonly { readonly node: number; readonly microsteps: readonly Microstep[] }[];
  readonly nodes: readonly { readonly edges: readonly TimedEdge[] }[];
}

/** The position of a walk: its state, and its last microstep, which decides the next pairs. */
export interface Place {
  readonly node: number;
  readonly last: Microstep;
}

export const placeName = ({ node, last }: Place): string => JSON.stringify([node, last]);

const GOALS: Readonly<Record<Cover, (last: Microstep, microsteps: readonly Microstep[]) => string[]>> = {
  transitions: (_, microsteps) => microsteps.flat(),
  pairs: pairsIn,
};

/** Returns the goals that these microsteps meet. */
export const goalsOf = (cover: Cover, last: Microstep, microsteps: readonly Microstep[]): string[] =>
  GOALS[cover](last, microsteps);

export const lastOf = (last: Microstep, microsteps: readonly Microstep[]): Microstep => microsteps.at(-1) ?? last;

export const follow = ({ last }: Place, { to, microsteps }: TimedEdge): Place => ({
  node: to,
  last: lastOf(last, microsteps),
});

/** Returns the places where walks through a graph begin. */
export const startsOf = (graph: Walkable): Place[] =>
  graph.roots.map(({ node, microsteps }) => ({ node, last: lastOf([], microsteps) }));

/**
 * Returns the ids of all transitions, or pairs, that a walk through the graph can take. A transition that is missing
 * here can't happen with the events you gave.
 *
 * @param cover - `transitions` or `pairs`.
 * @example
 * ```ts
 * const unreachable = transitionsOf(machine).filter(({ id }) => !reachable(graph, 'transitions').has(id));
 * ```
 */
export function reachable(graph: Walkable, cover: Cover): Set<string> {
  const goals = new Set(graph.roots.flatMap(({ microsteps }) => goalsOf(cover, [], microsteps)));
  const places = startsOf(graph);
  const seen = new Set(places.map(placeName));
  // The list grows while it is walked.
  for (const place of places) {
    for (const edge of graph.nodes[place.node]?.edges ?? []) {
      for (const goal of goalsOf(cover, place.last, edge.microsteps)) goals.add(goal);
      const next = follow(place, edge);
      const name = placeName(next);
      if (!seen.has(name)) places.push(next);
      seen.add(name);
    }
  }
  return goals;
}
