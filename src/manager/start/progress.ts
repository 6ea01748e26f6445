/** Estimates how far a start has come, and how long the rest will take. */
import type { IdentifyGate } from '../../identify/identify-gate.ts';
import type { Progress } from '../manager-events.ts';
import type { ShardSet } from '../shard-set.ts';

/** The time between two IDENTIFYs of a key, with the margin of our gate, for a gate without `spacingMs`. */
const DEFAULT_SPACING_MS = 5_250;

export function progressOf(set: ShardSet, gate: IdentifyGate | null, reserve: number): Progress {
  const { waiting, readyCount, handles, plan } = set;
  const budget = gate?.budget ?? null;
  const spacingMs = gate?.spacingMs ?? DEFAULT_SPACING_MS;
  const buckets = new Set(waiting.map((id) => Math.floor(id / plan.maxConcurrency))).size;
  const isShort = budget !== null && waiting.length > budget.remaining - reserve;
  return {
    ready: readyCount,
    total: handles.size,
    etaMs: Math.ceil(buckets * spacingMs + (isShort ? budget.resetAfterMs : 0)),
    remainingStarts: budget?.remaining ?? null,
  };
}
