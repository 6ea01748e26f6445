/** What is wrong with the run of a seed, with the command that shows it; empty when nothing is. */
import { failureText } from './report.ts';
import { runSimulation } from './run.ts';
import { shrink } from './shrink.ts';
import { SimulationStats } from './simulation-stats.ts';

export async function failureOf(seed: number): Promise<string> {
  const result = await runSimulation(seed);
  if (result.violation === null) return '';
  const shortest = (await shrink(result))?.events ?? null;
  return failureText({ result, shortest, stats: new SimulationStats().data });
}
