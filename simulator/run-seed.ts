/** Runs the simulation of a seed, and looks for the shortest script that still fails. */
import { runSimulation } from './run.ts';
import type { RunResult } from './run.ts';
import { shrink } from './shrink.ts';
import { SimulationStats } from './simulation-stats.ts';
import type { SimulationStatsData } from './simulation-stats.ts';

export interface SeedResult {
  readonly result: RunResult;
  /** The length of the shortest script that fails; `null` without a failure, or when only the whole script fails. */
  readonly shortest: number | null;
  readonly stats: SimulationStatsData;
}

export async function runSeed(seed: number): Promise<SeedResult> {
  const stats = new SimulationStats();
  const result = await runSimulation(seed, { observe: (world) => stats.watch(world) });
  return { result, shortest: (await shrink(result))?.events ?? null, stats: stats.data };
}
