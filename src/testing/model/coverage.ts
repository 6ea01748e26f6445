/** What is to be covered on a graph, and how much of it a walk has left. */
import type { TimedEdge } from './timed-graph.ts';
import { pairsIn } from './transition-pairs.ts';
import type { Microstep } from './transition-pairs.ts';

/** `pairs`: every transition right after every other that it can follow. A pair may span two steps. */
export type Cover = 'transitions' | 'pairs';

/** As much of a graph as it takes to find a way on it. */
export interface Walkable {
  readonly roots: readonly { readonly node: number; readonly microsteps: readonly Microstep[] }[];
  readonly nodes: readonly { readonly edges: readonly TimedEdge[] }[];
}

/** Where a walk is: the state, and what it took last, for that decides which pairs come next. */
export interface Place {
  readonly node: number;
  readonly last: Microstep;
}

export const placeName = ({ node, last }: Place): string => JSON.stringify([node, last]);

const GOALS: Readonly<Record<Cover, (last: Microstep, microsteps: readonly Microstep[]) => string[]>> = {
  transitions: (_, microsteps) => microsteps.flat(),
  pairs: pairsIn,
};

/** The goals that are met by these microsteps. */
export const goalsOf = (cover: Cover, last: Microstep, microsteps: readonly Microstep[]): string[] =>
  GOALS[cover](last, microsteps);

export const lastOf = (last: Microstep, microsteps: readonly Microstep[]): Microstep => microsteps.at(-1) ?? last;

export const follow = ({ last }: Place, { to, microsteps }: TimedEdge): Place => ({
  node: to,
  last: lastOf(last, microsteps),
});

/** Where the walks on a graph begin. */
export const startsOf = (graph: Walkable): Place[] =>
  graph.roots.map(({ node, microsteps }) => ({ node, last: lastOf([], microsteps) }));

/**
 * All there is to cover on a graph: what no walk on it can come to is not among it.
 *
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
