/** Formats the status of a cluster as tables. */
import { formatCount, formatDuration, formatNumber } from '../../inspect/page/model/format.ts';
import { printable } from '../../protocol/printable.ts';
import type { Colorize } from '../colors.ts';
import { table } from '../table.ts';
import { isClusterHealthy } from './cluster-report.ts';
import type { ClusterReport, ReportedGroup, ReportedNode } from './cluster-report.ts';

const NODE_HEADINGS = ['node', 'shards', 'ids', 'up for', ''] as const;
const GROUP_HEADINGS = ['group', 'consumers', 'not delivered', 'not acknowledged', 'dead letters'] as const;
const NODE_LEFT: ReadonlySet<number> = new Set([0, 2, 4]);
const GROUP_LEFT: ReadonlySet<number> = new Set([0]);

/** Returns sorted ids as ranges: `0–3, 7, 9–10`. */
export function rangesText(ids: readonly number[]): string {
  const ranges: [first: number, last: number][] = [];
  for (const id of ids) {
    const last = ranges.at(-1);
    if (last?.[1] === id - 1) last[1] = id;
    else ranges.push([id, id]);
  }
  return ranges.map(([first, last]) => (first === last ? String(first) : `${first}–${last}`)).join(', ');
}

const nodeCells = ({ node, shards, joinedAt, lastSeenAt, isDraining, isStalled }: ReportedNode): string[] => [
  printable(node),
  formatNumber(shards.length),
  rangesText(shards),
  formatDuration(lastSeenAt - joinedAt),
  // Only one of both is said.
  isDraining ? 'draining' : isStalled ? 'stalled' : '',
];

const groupCells = ({ group, consumers, lag, pending, deadLetters }: ReportedGroup): string[] => [
  printable(group),
  ...[consumers, lag, pending, deadLetters].map(formatNumber),
];

function headerLines(report: ClusterReport, colorize: Colorize): string[] {
  const { app, at, total, nodes, unowned } = report;
  const facts =
    total === null
      ? 'no node has joined yet'
      : `${formatCount(total, 'shard')} on ${formatCount(nodes.length, 'node')}${
          unowned.length === 0 ? '' : `, without a node: ${rangesText(unowned)}`
        }`;
  const [style, word] = isClusterHealthy(report)
    ? (['green', 'all held'] as const)
    : (['red', 'not all held'] as const);
  return [
    `${colorize([style, 'bold'], `● ${word}`)}  ${facts}`,
    colorize('dim', `app ${app}, at ${new Date(at).toTimeString().slice(0, 8)}`),
  ];
}

export function clusterLines(report: ClusterReport, colorize: Colorize): string[] {
  const section = (rows: readonly (readonly string[])[], left: ReadonlySet<number>): string[] => {
    const [heading = '', ...lines] = table(rows, left);
    return lines.length === 0 ? [] : ['', colorize('dim', heading), ...lines];
  };
  return [
    ...headerLines(report, colorize),
    ...section([NODE_HEADINGS, ...report.nodes.map(nodeCells)], NODE_LEFT),
    ...section([GROUP_HEADINGS, ...report.groups.map(groupCells)], GROUP_LEFT),
  ];
}
