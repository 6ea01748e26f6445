/** Puts the story of a recording into words for a terminal. */
import {
  clockTime,
  clockTimeMs,
  formatCount,
  formatDuration,
  formatMs,
  formatNumber,
} from '../../inspect/page/model/format.ts';
import { printable } from '../../protocol/printable.ts';
import type { Incident, Pattern, Story, StorySummary } from '../../recorder/explain/story.ts';
import type { Colorize, Style } from '../colors.ts';

const MAX_SHARDS = 8;
const LABEL_WIDTH = 16;

const dateOf = (at: number): string => new Date(at).toISOString().slice(0, 10);

function shardsText(shards: readonly number[]): string {
  if (shards.length === 0) return 'the process';
  const listed = shards.slice(0, MAX_SHARDS).join(', ');
  return `${shards.length === 1 ? 'shard' : 'shards'} ${listed}${shards.length > MAX_SHARDS ? ` and ${shards.length - MAX_SHARDS} more` : ''}`;
}

const countsText = (counts: Readonly<Record<string, number>>): string =>
  Object.entries(counts)
    .toSorted(([, a], [, b]) => b - a)
    .map(([name, count]) => `${count}× ${name}`)
    .join(', ');

function lostText({ missing, gapMs }: StorySummary, incidents: readonly Incident[]): string {
  if (missing > 0) return `${formatCount(missing, 'dispatch')} missing in the sequence`;
  if (gapMs > 0) return `what happened in the ${formatMs(gapMs)} without a session; nothing else`;
  return incidents.some(({ lost }) => lost === 'unknown') ? 'nothing as far as the recording goes' : 'nothing was lost';
}

/** The figures; a row without a figure is left out. */
function summaryRows({ summary, incidents }: Story): (readonly [label: string, text: string])[] {
  const { readyShare, longestOffline, closedBy, sends } = summary;
  const closes = closedBy.gateway + closedBy.shard + closedBy.transport;
  const rows: (readonly [label: string, text: string | null])[] = [
    [
      'ready',
      `${(readyShare * 100).toFixed(readyShare > 0.999 ? 3 : 1)} % of the time${longestOffline === null ? '' : `; the longest absence was ${formatMs(longestOffline.ms)} (shard ${longestOffline.shard})`}`,
    ],
    ['lost', lostText(summary, incidents)],
    ['incidents', incidents.length === 0 ? 'none' : countsText(summary.causes)],
    [
      'closed by',
      closes === 0
        ? null
        : `the gateway ${closedBy.gateway}×, the shard ${closedBy.shard}×, the network ${closedBy.transport}×`,
    ],
    [
      'resumes',
      summary.resumes === 0 ? null : `${summary.resumes}, with ${formatCount(summary.replayed, 'replayed dispatch')}`,
    ],
    ['session starts', Object.keys(summary.identifies).length === 0 ? null : countsText(summary.identifies)],
    ['dispatches', formatNumber(summary.dispatches)],
    ['slowest ACK', summary.slowestAckMs === null ? null : formatMs(summary.slowestAckMs)],
    [
      'longest block',
      summary.longestLagMs === null ? null : `the process stood still for ${formatMs(summary.longestLagMs)}`,
    ],
    [
      'sends',
      sends.sent === 0
        ? null
        : `${formatNumber(sends.sent)}${sends.waited === 0 ? '' : `; ${sends.waited} waited for the send limit, up to ${formatMs(sends.longestWaitMs)}`}`,
    ],
    [
      'sent too fast',
      Object.keys(summary.rateLimited).length === 0
        ? null
        : Object.entries(summary.rateLimited)
            .map(([opcode, count]) => `op ${opcode} was rejected ${count}×`)
            .join(', '),
    ],
  ];
  return rows.flatMap(([label, text]) => (text === null ? [] : [[label, text] as const]));
}

const LOST_STYLES: Readonly<Record<Incident['lost'], Style>> = { nothing: 'green', gap: 'yellow', unknown: 'yellow' };

const field = (label: string, text: string): string => `      ${label.padEnd(LABEL_WIDTH)}${printable(text)}`;

function headingOf({ number, startAt, shards, title, offlineMs }: Incident, colorize: Colorize): string {
  const offline = offlineMs > 0 ? `, offline for ${formatMs(offlineMs)}` : '';
  return `  ${colorize('bold', `#${number}`.padEnd(4))}${dateOf(startAt)} ${clockTime(startAt)}  ${colorize('bold', printable(title))} (${shardsText(shards)}${offline})`;
}

const incidentFields = (incident: Incident, colorize: Colorize): string[] => [
  headingOf(incident, colorize),
  field('What happened', incident.what),
  field('The reaction', incident.did),
  `      ${'Lost'.padEnd(LABEL_WIDTH)}${colorize(LOST_STYLES[incident.lost], printable(incident.lostText))}`,
  field('What to do', incident.advice),
  field('More', incident.docs),
];

const patternLines = ({ title, text, advice, incidents }: Pattern, colorize: Colorize): string[] => [
  `  ${colorize(['yellow', 'bold'], `! ${title}`)}${incidents.length === 0 ? '' : ` (incidents ${incidents.slice(0, 12).join(', ')})`}`,
  field('', text).trimEnd(),
  field('What to do', advice),
  '',
];

/** The whole story: the summary, the patterns, and the incidents. */
export function storyLines(story: Story, colorize: Colorize, path: string): string[] {
  const { summary, patterns, incidents, problems } = story;
  const processes = formatCount(summary.processes, 'process');
  return [
    '',
    colorize(
      'bold',
      `${formatDuration(summary.to - summary.from)} from ${dateOf(summary.from)} ${clockTime(summary.from)}, ${processes}, ${formatCount(summary.shards, 'shard')}`,
    ),
    colorize('dim', printable(summary.versions.join('; '))),
    '',
    ...summaryRows(story).map(([label, text]) => `  ${colorize('dim', label.padEnd(LABEL_WIDTH))}${printable(text)}`),
    '',
    ...(patterns.length === 0 ? [] : [colorize('bold', 'Patterns'), '']),
    ...patterns.flatMap((pattern) => patternLines(pattern, colorize)),
    ...(incidents.length === 0 ? [] : [colorize('bold', 'Incidents'), '']),
    ...incidents.flatMap((incident) => [...incidentFields(incident, colorize), '']),
    ...(incidents.length === 0 ? [] : [colorize('dim', `In detail: shardwright explain ${path} --incident 1`), '']),
    ...problems.map((problem) => colorize('yellow', `! ${printable(problem)}; the rest was read`)),
  ];
}

/** One incident with every step. */
export const incidentLines = (incident: Incident, colorize: Colorize): string[] => [
  '',
  ...incidentFields(incident, colorize),
  '',
  ...incident.steps.map(
    ({ at, shard, text }) =>
      `  ${colorize('dim', clockTimeMs(at))}  ${incident.shards.length > 1 ? `${shard ?? '-'}  `.padStart(6) : ''}${printable(text)}`,
  ),
  '',
];
