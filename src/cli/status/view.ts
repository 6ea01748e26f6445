/** The status of a manager as lines of a table. */
import type { ShardStatus } from '../../index.ts';
import type { StatusReport } from '../../inspect/index.ts';
import type { Paint } from '../paint.ts';
import { STATE_STYLES } from '../state-styles.ts';
import { table } from '../table.ts';
import { counted, duration, grouped, lasting } from '../words.ts';

const HEADINGS = ['shard', 'state', 'ping', 'session', 'sequence', 'last dispatch', 'waiting', 'failure'] as const;
const LEFT: ReadonlySet<number> = new Set([1, 7]);
/** Lines around the rows: two heads, a gap, headings, and one that says what is left out. */
const AROUND = 6;

/** Every shard that the manager runs is ready. */
export const isWell = ({ status: { state, ready, shards } }: StatusReport): boolean =>
  (state === 'running' || state === 'resharding') && shards.length > 0 && ready === shards.length;

const cells = ({ shardId, state, pingMs, sessionAgeMs, sequence, lastDispatchAt, pendingSends, failure }: ShardStatus, at: number): string[] => [
  String(shardId),
  state,
  pingMs === null ? '–' : duration(pingMs),
  sessionAgeMs === null ? '–' : lasting(sessionAgeMs),
  sequence === null ? '–' : grouped(sequence),
  lastDispatchAt === null ? '–' : `${lasting(at - lastDispatchAt)} ago`,
  grouped(pendingSends),
  failure ?? '',
];

function heads({ status, shardwright, pid, at }: StatusReport, paint: Paint): string[] {
  const { state, ready, shards, total, resharding, budget } = status;
  const mark = { running: 'green', resharding: 'cyan', starting: 'yellow', draining: 'yellow', stopped: 'dim', failed: 'red' } as const;
  const some = total === null || total === shards.length ? '' : `, of ${grouped(total)} of the bot`;
  const facts = [
    `${grouped(ready)} of ${counted(shards.length, 'shard')} ready${some}`,
    ...(resharding === null ? [] : [`resharding to ${grouped(resharding.total)}: ${grouped(resharding.ready)} ready`]),
    ...(budget === null ? [] : [`${grouped(budget.remaining)} of ${grouped(budget.total)} session starts left, reset in ${lasting(budget.resetAfterMs)}`]),
  ];
  return [
    `${paint([mark[state], 'bold'], `● ${state}`)}  ${facts.join(' · ')}`,
    paint('dim', `shardwright ${shardwright}, process ${pid}, at ${new Date(at).toTimeString().slice(0, 8)}`),
  ];
}

/** With fewer lines than shards, those in trouble come first. */
export function statusLines(report: StatusReport, paint: Paint, most: number): string[] {
  const { shards } = report.status;
  const room = Math.max(1, most - AROUND);
  const isCut = shards.length > room;
  const inOrder = isCut ? shards.toSorted((a, b) => Number(a.state === 'ready') - Number(b.state === 'ready') || a.shardId - b.shardId) : shards;
  const shown = inOrder.slice(0, room);
  const [heading = '', ...rows] = table([HEADINGS, ...shown.map((shard) => cells(shard, report.at))], LEFT);
  const painted = rows.map((row, index) => {
    const state = shown[index]?.state ?? 'disconnected';
    return row.replace(state, paint(STATE_STYLES[state], state));
  });
  const rest = inOrder.slice(room);
  const restReady = rest.filter(({ state }) => state === 'ready').length;
  return [
    ...heads(report, paint),
    ...(shown.length === 0 ? [] : ['', paint('dim', heading), ...painted]),
    ...(rest.length === 0 ? [] : [paint('dim', `… and ${grouped(rest.length)} more, ${restReady === rest.length ? 'all' : grouped(restReady)} ready`)]),
  ];
}
