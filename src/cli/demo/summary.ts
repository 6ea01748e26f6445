/** The last page of the demo: what was done to the shard, how it came back, and the sums. */
import type { Paint } from '../paint.ts';
import { table } from '../table.ts';
import { counted, duration, grouped } from '../words.ts';
import type { Row, Tally } from './tally.ts';

const HEADINGS = ['fault', 'times', 'outcome', 'noticed after', 'back after', 'dispatches', 'replayed'] as const;
/** Columns of words; the rest are numbers, to the right. */
const LEFT: ReadonlySet<number> = new Set([0, 2]);

const cells = (row: Row): string[] => [
  row.name,
  `${row.times}×`,
  [...row.outcomes].join(' / '),
  duration(row.noticedMs),
  duration(row.backMs),
  grouped(row.dispatches),
  grouped(row.replayed),
];

export function summary(tally: Tally, seed: number, paint: Paint): string[] {
  const { ledger, rows, lost, kept, sessions, resumes, replayed, violations } = tally;
  const [heading = '', ...body] = table([HEADINGS, ...rows.map(cells)], LEFT);
  const faults = rows.reduce((sum, { times }) => sum + times, 0);
  const figures = [
    ['faults', `${grouped(faults)} injected, ${grouped(faults - tally.unexpected)} recovered from as it must be`],
    ['sessions', `${grouped(sessions)} started, ${counted(resumes, 'resume')}`],
    ['dispatches', `${grouped(ledger.sent)} sent, ${grouped(ledger.received)} received, ${grouped(replayed)} of them by replay`],
    ['balance', `${grouped(lost)} lost, ${grouped(ledger.duplicates)} received twice, ${grouped(ledger.outOfOrder)} out of order`],
    ...(kept > 0 ? [['kept', `${grouped(kept)} on their way when it was interrupted; the session holds them for a resume`]] : []),
    ['strictness', violations.length === 0 ? 'the gateway found no breach of its rules, and its oracle none of the protocol' : violations.join('; ')],
  ];
  return [
    '',
    paint('bold', `Summary of ${duration(tally.durationMs)}, seed ${seed}`),
    '',
    ...(rows.length === 0 ? ['  no fault was played to its end'] : [`  ${paint('dim', heading)}`, ...body.map((line) => `  ${line}`)]),
    '',
    ...figures.slice(rows.length === 0 ? 1 : 0).map(([name = '', text = '']) => `  ${paint('dim', name.padEnd(12))}${text}`),
    '',
    `  ${verdict(tally, paint)}`,
    '',
  ];
}

function verdict(tally: Tally, paint: Paint): string {
  if (tally.isClean) return paint(['green', 'bold'], '★ Nothing was lost, nothing came twice, all in order. Exit code 0.');
  const unexpected = tally.unexpected > 0 ? ` Recoveries that went wrong: ${grouped(tally.unexpected)}.` : '';
  return paint(['red', 'bold'], `✗ This is not as it must be.${unexpected} Exit code 1.`);
}
