/** A line below the log that is redrawn until it is stopped. It appears on a terminal only. */
import type { OutputLog } from './output-log.ts';

/** Faster redraws would flicker. */
const REDRAW_EVERY_MS = 250;
/** How many redraws a rate is measured over. */
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

  /** Removes the line. */
  stop(): void {
    if (this.#timer !== null) clearInterval(this.#timer);
    this.#timer = null;
    this.output.setStatus('');
  }

  /** Returns a line of at most `width` visible characters; `null` keeps the last one. */
  protected abstract renderLine(width: number): string | null;

  protected draw(): void {
    const width = this.output.statusWidth;
    const line = width === null ? null : this.renderLine(width);
    if (line !== null) this.output.setStatus(line);
  }
}

/** Measures how fast a count rises over the last redraws. */
export class Rate {
  #counts: { at: number; count: number }[] = [];

  /** Records the current count, and returns the rise per second. */
  perSecond(count: number): number {
    const now = performance.now();
    const last = this.#counts.at(-1);
    // A count can start again, as the sequence does with a new session.
    if (last !== undefined && count < last.count) this.#counts = [];
    this.#counts.push({ at: now, count });
    if (this.#counts.length > RATE_SAMPLES + 1) this.#counts.shift();
    const [first = { at: now, count }] = this.#counts;
    return now > first.at ? ((count - first.count) / (now - first.at)) * 1000 : 0;
  }
}
