/** Finds the shortest way through a graph to a goal that is not covered yet. */
import { follow, goalsOf, placeName } from './coverage.ts';
import type { Cover, Place, Walkable } from './coverage.ts';
import type { TimedEdge } from './timed-graph.ts';

export interface GoalPath {
  /** The index of the place in which the path starts. */
  readonly start: number;
  readonly edges: readonly TimedEdge[];
}

export interface Search {
  readonly graph: Walkable;
  readonly cover: Cover;
  readonly starts: readonly Place[];
  /** The goals that are not covered yet. */
  readonly uncovered: ReadonlySet<string>;
  /** Max edges of the path. */
  readonly maxEdges: number;
  /** Edges that do not do what the graph says, from the current state of the walk. */
  readonly excluded: ReadonlySet<TimedEdge>;
}

interface Visit {
  readonly place: Place;
  readonly path: GoalPath;
}

/** Returns, of the shortest paths to a goal, the one whose last step meets most goals; `null` when there is none. */
export function nearestGoal({ graph, cover, starts, uncovered, maxEdges, excluded }: Search): GoalPath | null {
  const seen = new Set(starts.map(placeName));
  let frontier: Visit[] = starts.map((place, start) => ({ place, path: { start, edges: [] } }));
  for (let length = 1; length <= maxEdges && frontier.length > 0; length += 1) {
    const next: Visit[] = [];
    let best: GoalPath | null = null;
    let maxMet = 0;
    for (const { place, path } of frontier) {
      for (const edge of graph.nodes[place.node]?.edges ?? []) {
        if (excluded.has(edge)) continue;
        const longer = { start: path.start, edges: [...path.edges, edge] };
        const met = new Set(goalsOf(cover, place.last, edge.microsteps).filter((goal) => uncovered.has(goal))).size;
        if (met > maxMet) {
          best = longer;
          maxMet = met;
        }
        const there = follow(place, edge);
        const name = placeName(there);
        if (seen.has(name)) continue;
        seen.add(name);
        next.push({ place: there, path: longer });
      }
    }
    if (best !== null) return best;
    frontier = next;
  }
  return null;
}
