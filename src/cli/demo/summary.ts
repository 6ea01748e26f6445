/** Formats the summary of the demo: the faults, the recoveries, and the totals. */
import type { Colorize } from '../colors.ts';
import { table } from '../table.ts';
import { formatCount, formatMs, formatNumber } from '../../inspect/page/model/format.ts';
import type { FaultRow, DemoStats } from './demo-stats.ts';

const HEADINGS = ['fault', 'times', 'outcome', 'noticed after', 'back after', 'dispatches', 'replayed'] as const;
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
    ['faults', `${formatNumber(faults)} injected, ${formatNumber(faults - stats.unexpected)} recovered from`],
    ['sessions', `${formatNumber(sessions)} started, ${formatCount(resumes, 'resume')}`],
    [
      'dispatches',
      `${formatNumber(counts.sent)} sent, ${formatNumber(counts.received)} received, ${formatNumber(replayed)} of them by replay`,
    ],
    [
      'losses',
      `${formatNumber(lost)} lost, ${formatNumber(counts.duplicates)} received twice, ${formatNumber(counts.outOfOrder)} out of order`,
    ],
    ...(kept > 0
      ? [['kept', `${formatNumber(kept)} were on their way at the interrupt; the session keeps them for a resume`]]
      : []),
    ['rules', violations.length === 0 ? 'neither the gateway nor its oracle found a violation' : violations.join('; ')],
  ];
  return [
    '',
    colorize('bold', `Summary of ${formatMs(stats.durationMs)}, seed ${seed}`),
    '',
    ...(rows.length === 0
      ? ['  no fault ran to its end']
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
    return colorize(['green', 'bold'], '★ No dispatch was lost, repeated or out of order. Exit code 0.');
  const { lost, unexpected, violations, counts } = stats;
  const problems = [
    ...(lost > 0 ? [`${formatNumber(lost)} lost`] : []),
    ...(counts.duplicates > 0 ? [`${formatNumber(counts.duplicates)} received twice`] : []),
    ...(counts.outOfOrder > 0 ? [`${formatNumber(counts.outOfOrder)} out of order`] : []),
    ...(unexpected > 0 ? [`${formatNumber(unexpected)} recoveries went wrong`] : []),
    ...(violations.length > 0 ? [formatCount(violations.length, 'violation')] : []),
  ];
  return colorize(['red', 'bold'], `✗ Failed: ${problems.join(', ')}. Exit code 1.`);
}
