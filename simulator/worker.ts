/** Plays the seeds it is given, one after the other, on a thread of its own. */
import { parentPort } from 'node:worker_threads';
import { runSimulation } from './run.ts';
import type { RunResult } from './run.ts';
import { shrink } from './shrink.ts';
import { SimulationStats } from './simulation-stats.ts';
import type { SimulationStatsData } from './simulation-stats.ts';

export interface SeedResult {
  readonly result: RunResult;
  /** Events of the shortest failing beginning; `null` without a failure, or when only the whole fails. */
  readonly shortest: number | null;
  readonly stats: SimulationStatsData;
}

async function runSeed(seed: number): Promise<SeedResult> {
  const stats = new SimulationStats();
  const result = await runSimulation(seed, { observe: (world) => stats.watch(world) });
  return { result, shortest: (await shrink(result))?.events ?? null, stats: stats.data };
}

parentPort?.on('message', (seed: number) => void runSeed(seed).then((played) => parentPort?.postMessage(played, [])));
