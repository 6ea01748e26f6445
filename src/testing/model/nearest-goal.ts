/** Finds the shortest way on a graph to something that is not covered yet. */
import { follow, goalsOf, placeName } from './coverage.ts';
import type { Cover, Place, Walkable } from './coverage.ts';
import type { TimedEdge } from './timed-graph.ts';

export interface Way {
  /** Which of the places it starts from. */
  readonly start: number;
  readonly edges: readonly TimedEdge[];
}

export interface Search {
  readonly graph: Walkable;
  readonly cover: Cover;
  readonly starts: readonly Place[];
  /** The goals not met yet. */
  readonly open: ReadonlySet<string>;
  /** The most edges the way may have. */
  readonly within: number;
  /** Edges that turned out not to be what the graph says, from where the walk is. */
  readonly barred: ReadonlySet<TimedEdge>;
}

interface Visit {
  readonly place: Place;
  readonly way: Way;
}

/** Of the shortest ways the one whose last step meets the most goals; `null` when there is none. */
export function nearestGoal({ graph, cover, starts, open, within, barred }: Search): Way | null {
  const seen = new Set(starts.map(placeName));
  let front: Visit[] = starts.map((place, start) => ({ place, way: { start, edges: [] } }));
  for (let length = 1; length <= within && front.length > 0; length += 1) {
    const next: Visit[] = [];
    let best: Way | null = null;
    let most = 0;
    for (const { place, way } of front) {
      for (const edge of graph.nodes[place.node]?.edges ?? []) {
        if (barred.has(edge)) continue;
        const longer = { start: way.start, edges: [...way.edges, edge] };
        const met = new Set(goalsOf(cover, place.last, edge.microsteps).filter((goal) => open.has(goal))).size;
        if (met > most) {
          best = longer;
          most = met;
        }
        const there = follow(place, edge);
        const name = placeName(there);
        if (seen.has(name)) continue;
        seen.add(name);
        next.push({ place: there, way: longer });
      }
    }
    if (best !== null) return best;
    front = next;
  }
  return null;
}
