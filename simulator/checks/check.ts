/** What a check is: it watches a run, and complains. */
import type { World } from '../world.ts';

export type Complain = (what: string) => void;

export interface Check {
  /** The rule as a sentence. */
  readonly rule: string;
  watch(world: World, complain: Complain): void;
}
