/** Discord refuses to resume, because the process was away for longer than it keeps a session. */
import { formatDuration } from '../../../inspect/page/model/format.ts';
import { numbersOf } from './pattern-rule.ts';
import type { PatternRule } from './pattern-rule.ts';

export const awayTooLong: PatternRule = ({ runs, episodes, incidents }) => {
  const refused = episodes.filter(({ wasReady, isResumeRefused }) => !wasReady && isResumeRefused);
  const absences = refused.flatMap((episode) => {
    const before = runs.filter(({ lastAt }) => lastAt < episode.startAt).map(({ lastAt }) => lastAt);
    return before.length === 0 ? [] : [episode.startAt - Math.max(...before)];
  });
  if (absences.length === 0) return null;
  return {
    id: 'awayTooLong',
    title: 'the process was away for too long to resume',
    text: `Discord refused to resume ${absences.length === 1 ? 'a session' : `${absences.length} sessions`} after the process had been away for ${formatDuration(Math.max(...absences))}.`,
    advice:
      'Start the next process within a minute or two of the end of the last, or let both run side by side during a deployment.',
    incidents: numbersOf(incidents, 'sessionExpired'),
  };
};
