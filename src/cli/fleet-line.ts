/** One line below all others, on a terminal: where the shards of a manager are right now, in numbers. */
import type { ManagerStatus, ShardManager, ShardState } from '../index.ts';
import { STATE_STYLES } from './state-styles.ts';
import type { Stream } from './stream.ts';
import { duration, grouped } from './words.ts';

const REDRAW_EVERY_MS = 250;
/** Over so many redraws the rate is taken. */
const RATE_OVER = 4;

/** `62 ready · 2 reconnecting`, the most first. */
export function statesOf({ shards }: ManagerStatus): [state: ShardState, count: number][] {
  const counts = new Map<ShardState, number>();
  for (const { state } of shards) counts.set(state, (counts.get(state) ?? 0) + 1);
  return [...counts].toSorted(([, a], [, b]) => b - a);
}

export class FleetLine {
  readonly #stream: Stream;
  readonly #manager: Pick<ShardManager, 'status'>;
  /** How many dispatches there were in all. */
  readonly #dispatches: () => number;
  #counts: { at: number; count: number }[] = [];
  #timer: NodeJS.Timeout | null = null;

  constructor(manager: Pick<ShardManager, 'status'>, stream: Stream, dispatches: () => number) {
    this.#manager = manager;
    this.#stream = stream;
    this.#dispatches = dispatches;
  }

  start(): void {
    if (this.#stream.statusWidth !== null) this.#timer ??= setInterval(() => this.#draw(), REDRAW_EVERY_MS).unref();
  }

  /** Takes the line away. */
  stop(): void {
    if (this.#timer !== null) clearInterval(this.#timer);
    this.#timer = null;
    this.#stream.status('');
  }

  #draw(): void {
    const width = this.#stream.statusWidth;
    if (width === null) return;
    const status = this.#manager.status();
    const { paint } = this.#stream;
    const pings = status.shards.flatMap(({ pingMs }) => pingMs ?? []);
    const rest = [
      ...(pings.length === 0 ? [] : [`slowest ping ${duration(Math.max(...pings))}`]),
      `${grouped(Math.round(this.#rate()))}/s`,
      ...(status.budget === null ? [] : [`${grouped(status.budget.remaining)} session starts left`]),
    ].join(' · ');
    let room = width;
    const parts: string[] = [];
    for (const [state, count] of statesOf(status)) {
      const part = `● ${grouped(count)} ${state} `;
      if (part.length > room) break;
      room -= part.length;
      parts.push(paint(STATE_STYLES[state], part));
    }
    this.#stream.status(`${parts.join('')}${paint('dim', `· ${rest}`.slice(0, room))}`);
  }

  #rate(): number {
    const now = performance.now();
    this.#counts.push({ at: now, count: this.#dispatches() });
    if (this.#counts.length > RATE_OVER + 1) this.#counts.shift();
    const [first = { at: now, count: 0 }] = this.#counts;
    const last = this.#counts.at(-1) ?? first;
    return last.at > first.at ? ((last.count - first.count) / (last.at - first.at)) * 1000 : 0;
  }
}
