/** Where the shards of a manager are right now, in numbers. */
import type { ManagerStatus, ShardManager, ShardState } from '../index.ts';
import { LiveLine, Rate } from './live-line.ts';
import { STATE_STYLES } from './state-styles.ts';
import type { OutputLog } from './output-log.ts';
import { formatMs, formatNumber } from '../inspect/page/model/format.ts';

/** `62 ready · 2 reconnecting`, the most first. */
export function countStates({ shards }: ManagerStatus): [state: ShardState, count: number][] {
  const counts = new Map<ShardState, number>();
  for (const { state } of shards) counts.set(state, (counts.get(state) ?? 0) + 1);
  return [...counts].toSorted(([, a], [, b]) => b - a);
}

export class ManagerStatusLine extends LiveLine {
  readonly #manager: Pick<ShardManager, 'status'>;
  /** How many dispatches there were in all. */
  readonly #dispatches: () => number;
  readonly #rate = new Rate();

  constructor(manager: Pick<ShardManager, 'status'>, output: OutputLog, dispatches: () => number) {
    super(output);
    this.#manager = manager;
    this.#dispatches = dispatches;
  }

  protected override renderLine(width: number): string {
    const status = this.#manager.status();
    const pings = status.shards.flatMap(({ pingMs }) => pingMs ?? []);
    const rest = [
      ...(pings.length === 0 ? [] : [`slowest ping ${formatMs(Math.max(...pings))}`]),
      `${formatNumber(this.#rate.perSecond(this.#dispatches()))}/s`,
      ...(status.budget === null ? [] : [`${formatNumber(status.budget.remaining)} session starts left`]),
    ].join(' · ');
    let room = width;
    const parts: string[] = [];
    for (const [state, count] of countStates(status)) {
      const part = `● ${formatNumber(count)} ${state} `;
      if (part.length > room) break;
      room -= part.length;
      parts.push(this.output.colorize(STATE_STYLES[state], part));
    }
    return `${parts.join('')}${this.output.colorize('dim', `· ${rest}`.slice(0, room))}`;
  }
}
