/** One line below all others, on a terminal, drawn anew while it is live. */
import type { Stream } from './stream.ts';

/** Often enough to seem live, seldom enough not to flicker. */
const REDRAW_EVERY_MS = 250;
/** Over so many redraws a rate is taken. */
const RATE_OVER = 4;

export abstract class LiveLine {
  protected readonly stream: Stream;
  #timer: NodeJS.Timeout | null = null;

  constructor(stream: Stream) {
    this.stream = stream;
  }

  start(): void {
    if (this.stream.statusWidth !== null) this.#timer ??= setInterval(() => this.draw(), REDRAW_EVERY_MS).unref();
  }

  /** Takes the line away. */
  stop(): void {
    if (this.#timer !== null) clearInterval(this.#timer);
    this.#timer = null;
    this.stream.status('');
  }

  /** No wider than that, but for its colours; `null` to leave what is there. */
  protected abstract line(width: number): string | null;

  protected draw(): void {
    const width = this.stream.statusWidth;
    const line = width === null ? null : this.line(width);
    if (line !== null) this.stream.status(line);
  }
}

/** How fast a count rises, over the last few redraws. */
export class Rate {
  #counts: { at: number; count: number }[] = [];

  /** Takes the count of now and gives how many there are in a second. */
  perSecond(count: number): number {
    const now = performance.now();
    const last = this.#counts.at(-1);
    // One that falls, as the sequence of a new session, counts from the start.
    if (last !== undefined && count < last.count) this.#counts = [];
    this.#counts.push({ at: now, count });
    if (this.#counts.length > RATE_OVER + 1) this.#counts.shift();
    const [first = { at: now, count }] = this.#counts;
    return now > first.at ? ((count - first.count) / (now - first.at)) * 1000 : 0;
  }
}
