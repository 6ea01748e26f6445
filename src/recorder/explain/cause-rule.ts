/** One cause that an incident can have. The table `cause-rules.ts` lists them; the first that matches is the cause. */
import type { Episode } from './episode.ts';

export interface CauseRule {
  /** For programs. */
  readonly id: string;
  /** A few words, for the heading. */
  readonly title: string;
  /** The page that says more. */
  readonly docs: string;
  matches(episode: Episode): boolean;
  /** What happened, in sentences. */
  what(episode: Episode): string;
  /** What to do about it, in sentences. */
  advice(episode: Episode): string;
}

export const NOTHING_TO_DO = 'Nothing.';
