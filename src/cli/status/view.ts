/** Formats the status of a manager as a table. */
import type { ShardStatus } from '../../index.ts';
import type { StatusReport } from '../../inspect/index.ts';
import type { Colorize } from '../colors.ts';
import { printable } from '../../protocol/printable.ts';
import { STATE_STYLES } from '../state-styles.ts';
import { table } from '../table.ts';
import { formatCount, formatMs, formatNumber, formatDuration } from '../../inspect/page/model/format.ts';

const HEADINGS = ['shard', 'state', 'ping', 'session', 'sequence', 'last dispatch', 'queued', 'failure'] as const;
const LEFT_ALIGNED: ReadonlySet<number> = new Set([1, 7]);
/** Lines around the rows: two header lines, an empty line, the headings, the cut-off line, and the last newline. */
const OTHER_LINES = 6;

/** Returns `true` when every shard of the manager is ready. */
export const isHealthy = ({ status: { state, ready, shards } }: StatusReport): boolean =>
  (state === 'running' || state === 'resharding') && shards.length > 0 && ready === shards.length;

const cells = (
  { shardId, state, pingMs, sessionAgeMs, sequence, lastDispatchAt, pendingSends, failure }: ShardStatus,
  at: number,
): string[] => [
  String(shardId),
  state,
  pingMs === null ? '–' : formatMs(pingMs),
  sessionAgeMs === null ? '–' : formatDuration(sessionAgeMs),
  sequence === null ? '–' : formatNumber(sequence),
  lastDispatchAt === null ? '–' : `${formatDuration(at - lastDispatchAt)} ago`,
  formatNumber(pendingSends),
  printable(failure ?? ''),
];

function headerLines({ status, shardwright, pid, at }: StatusReport, colorize: Colorize): string[] {
  const { state, ready, shards, total, resharding, budget } = status;
  const mark = {
    running: 'green',
    resharding: 'cyan',
    starting: 'yellow',
    draining: 'yellow',
    stopped: 'dim',
    failed: 'red',
  } as const;
  const totalText = total === null || total === shards.length ? '' : ` (the bot has ${formatNumber(total)})`;
  const facts = [
    `${formatNumber(ready)} of ${formatCount(shards.length, 'shard')} ready${totalText}`,
    ...(resharding === null
      ? []
      : [`resharding to ${formatNumber(resharding.total)}: ${formatNumber(resharding.ready)} ready`]),
    ...(budget === null
      ? []
      : [
          `${formatNumber(budget.remaining)} of ${formatNumber(budget.total)} session starts left, reset in ${formatDuration(budget.resetAfterMs)}`,
        ]),
  ];
  return [
    `${colorize([mark[state], 'bold'], `● ${state}`)}  ${facts.join(' · ')}`,
    colorize(
      'dim',
      `shardwright ${printable(shardwright)}, process ${pid}, at ${new Date(at).toTimeString().slice(0, 8)}`,
    ),
  ];
}

/** Returns at most `maxLines` lines. When not all shards fit, the shards that are not ready come first. */
export function statusLines(report: StatusReport, colorize: Colorize, maxLines: number): string[] {
  const { shards } = report.status;
  const maxRows = Math.max(1, maxLines - OTHER_LINES);
  const isCut = shards.length > maxRows;
  const inOrder = isCut
    ? shards.toSorted((a, b) => Number(a.state === 'ready') - Number(b.state === 'ready') || a.shardId - b.shardId)
    : shards;
  const shown = inOrder.slice(0, maxRows);
  const [heading = '', ...rows] = table([HEADINGS, ...shown.map((shard) => cells(shard, report.at))], LEFT_ALIGNED);
  const painted = rows.map((row, index) => {
    const state = shown[index]?.state ?? 'disconnected';
    return row.replace(state, colorize(STATE_STYLES[state], state));
  });
  const rest = inOrder.slice(maxRows);
  const restReady = rest.filter(({ state }) => state === 'ready').length;
  return [
    ...headerLines(report, colorize),
    ...(shown.length === 0 ? [] : ['', colorize('dim', heading), ...painted]),
    ...(rest.length === 0
      ? []
      : [
          colorize(
            'dim',
            `… and ${formatNumber(rest.length)} more, ${restReady === rest.length ? 'all' : formatNumber(restReady)} ready`,
          ),
        ]),
  ];
}
