/** The process restarts again and again, and each time with a session start. Discord allows 1,000 a day. */
import { formatCount, formatDuration } from '../../../inspect/page/model/format.ts';
import { numbersOf } from './pattern-rule.ts';
import type { PatternRule } from './pattern-rule.ts';

const MIN_RUNS = 4;
const WINDOW_MS = 3_600_000;

export const burnedStarts: PatternRule = ({ runs, incidents }) => {
  const starts = runs
    .flatMap(({ identifiesAt, run }) => identifiesAt.slice(0, 1).map((at) => ({ at, run })))
    .toSorted((a, b) => a.at - b.at);
  const burst = starts
    .map(({ at }) => starts.filter((other) => other.at >= at && other.at - at <= WINDOW_MS))
    .toSorted((a, b) => b.length - a.length)[0];
  const [first] = burst ?? [];
  const last = burst?.at(-1);
  if (burst === undefined || first === undefined || last === undefined || burst.length < MIN_RUNS) return null;
  const used = runs.reduce((sum, { identifiesAt }) => sum + identifiesAt.length, 0);
  return {
    id: 'burnedStarts',
    title: 'restarts use up session starts',
    text: `${formatCount(burst.length, 'process', 'processes')} started within ${formatDuration(last.at - first.at)}, each with a new session: ${formatCount(used, 'session start')} in this recording. Discord allows a limited number a day, and resets the token of a bot that exceeds it.`,
    advice: 'Find out why the bot restarts, and keep its session in a FileSessionStore, so that a restart resumes.',
    incidents: numbersOf(incidents, 'killed', 'crashed', 'exited'),
  };
};
