/** One line below all others, on a terminal: where the shard is right now, in numbers. */
import type { InspectedShard, InspectionObserver } from '../index.ts';
import { STATE_STYLES } from './state-styles.ts';
import type { Stream } from './stream.ts';
import { duration, grouped } from './words.ts';

/** Often enough to seem live, seldom enough not to flicker. */
const REDRAW_EVERY_MS = 250;
/** Over so long the rate of dispatches is taken. */
const RATE_OVER = 4;

const LONGEST_STATE = Math.max(...Object.keys(STATE_STYLES).map((state) => state.length));

export class StatusLine {
  readonly #stream: Stream;
  #shard: InspectedShard | null = null;
  /** The last sequences, for the rate. */
  #sequences: { at: number; sequence: number }[] = [];
  #timer: NodeJS.Timeout | null = null;

  constructor(stream: Stream) {
    this.#stream = stream;
  }

  /** For the option `inspect` of the shard to be shown. */
  readonly inspect: InspectionObserver = {
    attach: (shard) => {
      this.#shard = shard;
    },
  };

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
    if (width === null || this.#shard === null) return;
    const { state } = this.#shard;
    const rest = ` ${this.#numbers(this.#shard).join(' · ')}`.slice(0, Math.max(0, width - LONGEST_STATE - 2));
    const { paint } = this.#stream;
    this.#stream.status(`${paint(STATE_STYLES[state], `● ${state.padEnd(LONGEST_STATE)}`)}${paint('dim', rest)}`);
  }

  #numbers(shard: InspectedShard): string[] {
    const { pingMs, sequence, sendWindow, pendingSends, identifyQueue } = shard;
    return [
      `ping ${pingMs === null ? '–' : duration(pingMs)}`,
      `${grouped(Math.round(this.#rate(sequence)))}/s`,
      `seq ${sequence === null ? '–' : grouped(sequence)}`,
      `sent ${sendWindow?.used ?? 0}/${sendWindow?.limit ?? 120} in 60 s${pendingSends === 0 ? '' : `, ${pendingSends} waiting`}`,
      ...(identifyQueue === null ? [] : [`${grouped(identifyQueue.remaining)} session starts left`]),
    ];
  }

  #rate(sequence: number | null): number {
    const now = performance.now();
    const last = this.#sequences.at(-1);
    // A new session counts from the start.
    if (last !== undefined && (sequence ?? 0) < last.sequence) this.#sequences = [];
    this.#sequences.push({ at: now, sequence: sequence ?? 0 });
    if (this.#sequences.length > RATE_OVER + 1) this.#sequences.shift();
    const [first = { at: now, sequence: 0 }] = this.#sequences;
    return now > first.at ? (((sequence ?? 0) - first.sequence) / (now - first.at)) * 1000 : 0;
  }
}
