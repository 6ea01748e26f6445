/** The script of a case: which steps follow each other, and on which shard. */
import { randomFor } from '../src/testing/seeded-random.ts';
import type { Setting } from './setting.ts';
import { STEP_WEIGHTS } from './steps.ts';
import type { StepKind } from './steps.ts';

export interface Step {
  /** Its place in the whole script, by which a shorter script names it. */
  readonly index: number;
  readonly kind: StepKind;
  readonly shardId: number;
  /** Decides what the step does, whichever steps come before it. */
  readonly seed: number;
  /** Whether the next step waits until the bot has taken everything. */
  readonly settles: boolean;
}

export function scriptOf(setting: Setting): Step[] {
  const random = randomFor(setting.seed, 'script');
  return Array.from({ length: setting.steps }, (_, index) => ({
    index,
    kind: random.weighted(STEP_WEIGHTS),
    shardId: random.below(setting.shards),
    seed: random.below(2 ** 32),
    settles: random.chance(0.4),
  }));
}
