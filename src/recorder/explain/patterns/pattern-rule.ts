/** Looks over the whole recording for a reason that several incidents have in common. */
import type { Incident, Pattern } from '../story.ts';
import type { Episode } from '../episode.ts';
import type { RunTimeline } from '../run-timeline.ts';

export interface PatternInput {
  readonly runs: readonly RunTimeline[];
  readonly episodes: readonly Episode[];
  readonly incidents: readonly Incident[];
}

/** Returns `null` if the recording does not have the pattern. */
export type PatternRule = (input: PatternInput) => Pattern | null;

/** Returns the numbers of the incidents of a cause. */
export const numbersOf = (incidents: readonly Incident[], ...causes: readonly string[]): number[] =>
  incidents.filter(({ cause }) => causes.includes(cause)).map(({ number }) => number);
