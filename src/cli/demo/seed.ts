/** The seed of a world, as it was given, or a random one. */
import { randomInt } from 'node:crypto';
import type { OptionValues } from '../command.ts';
import { stringOption } from '../command.ts';
import { UsageError } from '../usage-error.ts';

export const MAX_SEED = 2 ** 32 - 1;
/** Easy to type again. */
const RANDOM_SEEDS = 100_000;

/** @throws UsageError for what is no seed */
export function seedFrom(command: string, values: OptionValues): number {
  const text = stringOption(values, 'seed');
  if (text === undefined) return randomInt(1, RANDOM_SEEDS);
  const seed = /^\d+$/.test(text) ? Number(text) : Number.NaN;
  if (!(seed <= MAX_SEED)) throw new UsageError(`${command}: --seed must be an integer from 0 to ${MAX_SEED}`);
  return seed;
}
