/** What a step of a case is given. */
import type { SeededRandom } from '../src/testing/seeded-random.ts';
import type { Bot } from './bots.ts';
import type { ShardLink } from './gateway/shard-link.ts';
import type { Setting } from './setting.ts';

export interface StepContext {
  readonly link: ShardLink;
  /** The chance of this step alone. */
  readonly random: SeededRandom;
  readonly bot: Bot;
  readonly shardId: number;
  readonly setting: Setting;
  /** To be called when something has happened that `until` may wait for. */
  readonly changed: () => void;
  /** Resolves when the condition holds. Rejects when that takes too long. */
  readonly until: (condition: () => boolean, what: string) => Promise<void>;
}

export type StepAction = (context: StepContext) => void | Promise<void>;
