/** What is wrong with the run of a seed, with the command that shows it; empty when nothing is. */
import { failureText } from './report.ts';
import { play } from './run.ts';
import { shrink } from './shrink.ts';
import { Tally } from './tally.ts';

export async function failureOf(seed: number): Promise<string> {
  const result = await play(seed);
  if (result.violation === null) return '';
  const shortest = (await shrink(result))?.events ?? null;
  return failureText({ result, shortest, tally: new Tally().data });
}
