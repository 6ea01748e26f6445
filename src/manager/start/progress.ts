/** How far a start has come, and how long the rest will take. */
import type { IdentifyGate } from '../../identify/identify-gate.ts';
import type { IdentifyBudget } from '../../identify/memory-identify-gate.ts';
import type { Progress } from '../manager-events.ts';
import type { ShardSet } from '../shard-set.ts';

/** From one IDENTIFY of a key to the next, with what a gate adds so that none is early, unless the gate says otherwise. */
const DEFAULT_SPACING_MS = 5_250;

const spacingOf = (gate: IdentifyGate | null): number => {
  const spacingMs: unknown = gate !== null && 'spacingMs' in gate ? gate.spacingMs : null;
  return typeof spacingMs === 'number' ? spacingMs : DEFAULT_SPACING_MS;
};

/** The budget of a gate that tells of it, as `MemoryIdentifyGate` does. */
export function budgetOf(gate: IdentifyGate | null): IdentifyBudget | null {
  const budget: unknown = gate !== null && 'budget' in gate ? gate.budget : null;
  return typeof budget === 'object' && budget !== null && 'remaining' in budget ? (budget as IdentifyBudget) : null;
}

export function progressOf(set: ShardSet, gate: IdentifyGate | null, reserve: number): Progress {
  const { waiting, readyCount, handles, plan } = set;
  const budget = budgetOf(gate);
  const buckets = new Set(waiting.map((id) => Math.floor(id / plan.maxConcurrency))).size;
  const isShort = budget !== null && waiting.length > budget.remaining - reserve;
  return {
    ready: readyCount,
    total: handles.size,
    etaMs: Math.ceil(buckets * spacingOf(gate) + (isShort ? budget.resetAfterMs : 0)),
    remainingStarts: budget?.remaining ?? null,
  };
}
