/** Where the shards of a manager are right now, in numbers. */
import type { ManagerStatus, ShardManager, ShardState } from '../index.ts';
import { LiveLine, Rate } from './live-line.ts';
import { STATE_STYLES } from './state-styles.ts';
import type { Stream } from './stream.ts';
import { duration, grouped } from './words.ts';

/** `62 ready · 2 reconnecting`, the most first. */
export function statesOf({ shards }: ManagerStatus): [state: ShardState, count: number][] {
  const counts = new Map<ShardState, number>();
  for (const { state } of shards) counts.set(state, (counts.get(state) ?? 0) + 1);
  return [...counts].toSorted(([, a], [, b]) => b - a);
}

export class FleetLine extends LiveLine {
  readonly #manager: Pick<ShardManager, 'status'>;
  /** How many dispatches there were in all. */
  readonly #dispatches: () => number;
  readonly #rate = new Rate();

  constructor(manager: Pick<ShardManager, 'status'>, stream: Stream, dispatches: () => number) {
    super(stream);
    this.#manager = manager;
    this.#dispatches = dispatches;
  }

  protected override line(width: number): string {
    const status = this.#manager.status();
    const pings = status.shards.flatMap(({ pingMs }) => pingMs ?? []);
    const rest = [
      ...(pings.length === 0 ? [] : [`slowest ping ${duration(Math.max(...pings))}`]),
      `${grouped(Math.round(this.#rate.perSecond(this.#dispatches())))}/s`,
      ...(status.budget === null ? [] : [`${grouped(status.budget.remaining)} session starts left`]),
    ].join(' · ');
    let room = width;
    const parts: string[] = [];
    for (const [state, count] of statesOf(status)) {
      const part = `● ${grouped(count)} ${state} `;
      if (part.length > room) break;
      room -= part.length;
      parts.push(this.stream.paint(STATE_STYLES[state], part));
    }
    return `${parts.join('')}${this.stream.paint('dim', `· ${rest}`.slice(0, room))}`;
  }
}
