/** Plays the seeds it is given, one after the other, on a thread of its own. */
import { parentPort } from 'node:worker_threads';
import { play } from './run.ts';
import type { RunResult } from './run.ts';
import { shrink } from './shrink.ts';
import { Tally } from './tally.ts';
import type { TallyData } from './tally.ts';

export interface Played {
  readonly result: RunResult;
  /** Events of the shortest failing beginning; `null` without a failure, or when only the whole fails. */
  readonly shortest: number | null;
  readonly tally: TallyData;
}

async function playSeed(seed: number): Promise<Played> {
  const tally = new Tally();
  const result = await play(seed, { observe: (world) => tally.watch(world) });
  return { result, shortest: (await shrink(result))?.events ?? null, tally: tally.data };
}

parentPort?.on('message', (seed: number) => void playSeed(seed).then((played) => parentPort?.postMessage(played, [])));
