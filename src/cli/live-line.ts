/** One line below all others, on a terminal, drawn anew while it is live. */
import type { OutputLog } from './output-log.ts';

/** Often enough to seem live, seldom enough not to flicker. */
const REDRAW_EVERY_MS = 250;
/** Over so many redraws a rate is taken. */
const RATE_SAMPLES = 4;

export abstract class LiveLine {
  protected readonly output: OutputLog;
  #timer: NodeJS.Timeout | null = null;

  constructor(output: OutputLog) {
    this.output = output;
  }

  start(): void {
    if (this.output.statusWidth !== null) this.#timer ??= setInterval(() => this.draw(), REDRAW_EVERY_MS).unref();
  }

  /** Takes the line away. */
  stop(): void {
    if (this.#timer !== null) clearInterval(this.#timer);
    this.#timer = null;
    this.output.setStatus('');
  }

  /** No wider than that, but for its colours; `null` to leave what is there. */
  protected abstract renderLine(width: number): string | null;

  protected draw(): void {
    const width = this.output.statusWidth;
    const line = width === null ? null : this.renderLine(width);
    if (line !== null) this.output.setStatus(line);
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
    if (this.#counts.length > RATE_SAMPLES + 1) this.#counts.shift();
    const [first = { at: now, count }] = this.#counts;
    return now > first.at ? ((count - first.count) / (now - first.at)) * 1000 : 0;
  }
}
