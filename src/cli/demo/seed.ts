/** Reads `--seed`, and makes the demo's random generators from it. */
import { createHash, randomInt } from 'node:crypto';
import { SeededRandom } from '../../testing/seeded-random.ts';
import type { OptionValues } from '../command.ts';
import { UsageError, stringOption } from '../command.ts';

export const MAX_SEED = 2 ** 32 - 1;
/** Random seeds stay below this number, so that they are easy to type again. */
const RANDOM_SEEDS = 100_000;

/** Returns the seed from the command line, or a random one. @throws UsageError for an invalid seed */
export function seedFrom(command: string, values: OptionValues): number {
  const text = stringOption(values, 'seed');
  if (text === undefined) return randomInt(1, RANDOM_SEEDS);
  const seed = /^\d+$/.test(text) ? Number(text) : Number.NaN;
  if (!(seed <= MAX_SEED)) throw new UsageError(`${command}: --seed must be an integer from 0 to ${MAX_SEED}`);
  return seed;
}

/** Returns the generator for one purpose, such as `7/world`: the seed first, then the purpose. */
export const demoRandom = (purpose: string): SeededRandom =>
  new SeededRandom(createHash('sha256').update(`demo/${purpose}`).digest().readUInt32LE());
