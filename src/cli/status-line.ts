/** The line below the log that shows the states of the shards, and figures, on a terminal. */
import type { InspectedShard, InspectionObserver, ManagerStatus, ShardManager, ShardState } from '../index.ts';
import { formatMs, formatNumber } from '../inspect/page/model/format.ts';
import { LiveLine, Rate } from './live-line.ts';
import type { OutputLog } from './output-log.ts';
import { STATE_STYLES } from './state-styles.ts';

const MAX_STATE_LENGTH = Math.max(...Object.keys(STATE_STYLES).map((state) => state.length));

interface StatusText {
  readonly states: readonly (readonly [state: ShardState, text: string])[];
  readonly figures: readonly string[];
}

class StatusLine extends LiveLine {
  readonly #read: () => StatusText | null;

  constructor(output: OutputLog, read: () => StatusText | null) {
    super(output);
    this.#read = read;
  }

  protected override renderLine(width: number): string | null {
    const status = this.#read();
    if (status === null) return null;
    let room = width;
    const parts: string[] = [];
    for (const [state, text] of status.states) {
      const part = `● ${text} `;
      if (part.length > room) break;
      room -= part.length;
      parts.push(this.output.colorize(STATE_STYLES[state], part));
    }
    return `${parts.join('')}${this.output.colorize('dim', `· ${status.figures.join(' · ')}`.slice(0, room))}`;
  }
}

function shardText(shard: InspectedShard, rate: Rate): StatusText {
  const { state, pingMs, sequence, sendWindow, pendingSends, identifyQueue } = shard;
  return {
    states: [[state, state.padEnd(MAX_STATE_LENGTH)]],
    figures: [
      `ping ${pingMs === null ? '–' : formatMs(pingMs)}`,
      `${formatNumber(rate.perSecond(sequence ?? 0))}/s`,
      `seq ${sequence === null ? '–' : formatNumber(sequence)}`,
      `sent ${sendWindow?.used ?? 0}/${sendWindow?.limit ?? 120} in 60 s${pendingSends === 0 ? '' : `, ${pendingSends} queued`}`,
      ...(identifyQueue === null ? [] : [`${formatNumber(identifyQueue.remaining)} session starts left`]),
    ],
  };
}

/** Returns the line for one shard. Pass its `inspect` to the shard. */
export function shardStatusLine(output: OutputLog): LiveLine & { readonly inspect: InspectionObserver } {
  let attached: InspectedShard | null = null;
  const rate = new Rate();
  const line = new StatusLine(output, () => (attached === null ? null : shardText(attached, rate)));
  const inspect: InspectionObserver = {
    attach: (shard) => {
      attached = shard;
    },
  };
  return Object.assign(line, { inspect });
}

/** Returns how many shards are in each state, the most frequent state first. */
export function countStates({ shards }: ManagerStatus): [state: ShardState, count: number][] {
  const counts = new Map<ShardState, number>();
  for (const { state } of shards) counts.set(state, (counts.get(state) ?? 0) + 1);
  return [...counts].toSorted(([, a], [, b]) => b - a);
}

/** Returns the line for all shards of a manager. @param dispatches - returns how many dispatches there were in all */
export function managerStatusLine(
  manager: Pick<ShardManager, 'status'>,
  output: OutputLog,
  dispatches: () => number,
): LiveLine {
  const rate = new Rate();
  return new StatusLine(output, () => {
    const status = manager.status();
    const pings = status.shards.flatMap(({ pingMs }) => pingMs ?? []);
    return {
      states: countStates(status).map(([state, count]) => [state, `${formatNumber(count)} ${state}`]),
      figures: [
        ...(pings.length === 0 ? [] : [`max ping ${formatMs(Math.max(...pings))}`]),
        `${formatNumber(rate.perSecond(dispatches()))}/s`,
        ...(status.budget === null ? [] : [`${formatNumber(status.budget.remaining)} session starts left`]),
      ],
    };
  });
}
