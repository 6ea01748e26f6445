/** The time axis of a canvas, with its ticks. The timeline and the latency plot both use it, so that they line up. */
import { clockTime } from '../model/format.ts';
import type { CanvasSurface } from '../shell/canvas-surface.ts';
import type { Palette } from '../shell/theme.ts';

/** In px: for the labels on the left, and for the newest mark on the right. */
export const GUTTER = 112;
const RIGHT_MARGIN = 10;
export const FONT = '11px ui-monospace, SFMono-Regular, Menlo, Consolas, monospace';
const MINUTE_MS = 60_000;

/** The ms between ticks, by the minutes shown. */
const TICK_MS_BY_MINUTES: ReadonlyMap<number, number> = new Map([
  [1, 10_000],
  [5, MINUTE_MS],
  [30, 5 * MINUTE_MS],
]);

/** Returns the next round number, for the top of a scale. */
export function roundUpToNice(value: number): number {
  const power = 10 ** Math.floor(Math.log10(value));
  return ([1, 1.5, 2, 3, 4, 6, 8].find((step) => step * power >= value) ?? 10) * power;
}

export class TimeAxis {
  readonly from: number;
  readonly to: number;
  readonly #width: number;
  readonly #tickMs: number;

  constructor(to: number, minutes: number, width: number) {
    this.to = to;
    this.from = to - minutes * MINUTE_MS;
    this.#width = Math.max(1, width - GUTTER - RIGHT_MARGIN);
    const tickMs = TICK_MS_BY_MINUTES.get(minutes) ?? MINUTE_MS;
    this.#tickMs = this.#width / ((to - this.from) / tickMs) < 56 ? tickMs * 2 : tickMs;
  }

  x(at: number): number {
    return GUTTER + Math.max(0, (at - this.from) / (this.to - this.from)) * this.#width;
  }

  /** Returns the time at a position, or `null` outside the axis. */
  at(x: number): number | null {
    const fraction = (x - GUTTER) / this.#width;
    return fraction < 0 || fraction > 1 ? null : this.from + fraction * (this.to - this.from);
  }

  get right(): number {
    return GUTTER + this.#width;
  }

  /** Draws the ticks down to `bottom`, with their times below unless `hidesLabels`. */
  draw({ context }: CanvasSurface, { line, soft }: Palette, top: number, bottom: number, hidesLabels = false): void {
    context.font = FONT;
    context.textAlign = 'center';
    context.textBaseline = 'top';
    context.strokeStyle = line;
    context.fillStyle = soft;
    context.lineWidth = 1;
    const shown = this.#tickMs < MINUTE_MS ? 8 : 5;
    for (let at = Math.ceil(this.from / this.#tickMs) * this.#tickMs; at <= this.to; at += this.#tickMs) {
      const x = Math.round(this.x(at)) + 0.5;
      context.beginPath();
      context.moveTo(x, top);
      context.lineTo(x, bottom);
      context.stroke();
      if (!hidesLabels && x > GUTTER + 16 && x < this.right - 16)
        context.fillText(clockTime(at).slice(0, shown), x, bottom + 5);
    }
  }

  /** Draws a line at a time that is pointed at or frozen. */
  drawMoment({ context }: CanvasSurface, color: string, at: number, top: number, bottom: number): void {
    if (at < this.from || at > this.to) return;
    const x = Math.round(this.x(at)) + 0.5;
    context.strokeStyle = color;
    context.lineWidth = 1;
    context.beginPath();
    context.moveTo(x, top);
    context.lineTo(x, bottom);
    context.stroke();
  }
}
