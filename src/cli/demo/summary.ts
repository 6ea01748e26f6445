/** The last page of the demo: what was done to the shard, how it came back, and the sums. */
import type { Colorize } from '../colors.ts';
import { table } from '../table.ts';
import { formatCount, formatMs, formatNumber } from '../../inspect/page/model/format.ts';
import type { FaultRow, DemoStats } from './demo-stats.ts';

const HEADINGS = ['fault', 'times', 'outcome', 'noticed after', 'back after', 'dispatches', 'replayed'] as const;
/** Columns of words; the rest are numbers, to the right. */
const LEFT_ALIGNED: ReadonlySet<number> = new Set([0, 2]);

const cells = (row: FaultRow): string[] => [
  row.name,
  `${row.times}×`,
  [...row.outcomes].join(' / '),
  formatMs(row.noticedMs),
  formatMs(row.backMs),
  formatNumber(row.dispatches),
  formatNumber(row.replayed),
];

export function summary(stats: DemoStats, seed: number, colorize: Colorize): string[] {
  const { counts, rows, lost, kept, sessions, resumes, replayed, violations } = stats;
  const [heading = '', ...body] = table([HEADINGS, ...rows.map(cells)], LEFT_ALIGNED);
  const faults = rows.reduce((sum, { times }) => sum + times, 0);
  const figures = [
    [
      'faults',
      `${formatNumber(faults)} injected, ${formatNumber(faults - stats.unexpected)} recovered from as it must be`,
    ],
    ['sessions', `${formatNumber(sessions)} started, ${formatCount(resumes, 'resume')}`],
    [
      'dispatches',
      `${formatNumber(counts.sent)} sent, ${formatNumber(counts.received)} received, ${formatNumber(replayed)} of them by replay`,
    ],
    [
      'balance',
      `${formatNumber(lost)} lost, ${formatNumber(counts.duplicates)} received twice, ${formatNumber(counts.outOfOrder)} out of order`,
    ],
    ...(kept > 0
      ? [['kept', `${formatNumber(kept)} on their way when it was interrupted; the session holds them for a resume`]]
      : []),
    [
      'strictness',
      violations.length === 0
        ? 'the gateway found no breach of its rules, and its oracle none of the protocol'
        : violations.join('; '),
    ],
  ];
  return [
    '',
    colorize('bold', `Summary of ${formatMs(stats.durationMs)}, seed ${seed}`),
    '',
    ...(rows.length === 0
      ? ['  no fault was played to its end']
      : [`  ${colorize('dim', heading)}`, ...body.map((line) => `  ${line}`)]),
    '',
    ...figures
      .slice(rows.length === 0 ? 1 : 0)
      .map(([name = '', text = '']) => `  ${colorize('dim', name.padEnd(12))}${text}`),
    '',
    `  ${verdictText(stats, colorize)}`,
    '',
  ];
}

function verdictText(stats: DemoStats, colorize: Colorize): string {
  if (stats.isClean)
    return colorize(['green', 'bold'], '★ Nothing was lost, nothing came twice, all in order. Exit code 0.');
  const unexpected = stats.unexpected > 0 ? ` Recoveries that went wrong: ${formatNumber(stats.unexpected)}.` : '';
  return colorize(['red', 'bold'], `✗ This is not as it must be.${unexpected} Exit code 1.`);
}
