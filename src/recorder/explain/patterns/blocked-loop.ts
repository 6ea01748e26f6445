/** The event loop is blocked before each zombie. */
import { formatMs } from '../../../inspect/page/model/format.ts';
import { numbersOf } from './pattern-rule.ts';
import type { PatternRule } from './pattern-rule.ts';

const MIN_INCIDENTS = 2;

export const blockedLoop: PatternRule = ({ episodes, incidents }) => {
  const blocked = numbersOf(incidents, 'processBusy');
  if (blocked.length < MIN_INCIDENTS) return null;
  const longestMs = Math.max(...episodes.map(({ lag }) => lag?.lateMs ?? 0));
  return {
    id: 'blockedLoop',
    title: 'your process is often busy',
    text: `The event loop was blocked before ${blocked.length} losses of a connection, for up to ${formatMs(longestMs)}.`,
    advice: 'Find the code that blocks: run node --cpu-prof, or look at what your listeners do at those times.',
    incidents: blocked,
  };
};
