/** A stretch of time across a canvas, with its ticks. The timeline and the latency plot share it, so that they line up. */
import { clockTime } from './format.ts';
import type { Surface } from './surface.ts';
import type { Palette } from './theme.ts';

/** Room for words on the left and for the newest mark on the right, px. */
export const GUTTER = 112;
const RIGHT = 10;
export const FONT = '11px ui-monospace, SFMono-Regular, Menlo, Consolas, monospace';
const MINUTE_MS = 60_000;

/** Minutes shown → ms between ticks. */
const TICKS: ReadonlyMap<number, number> = new Map([
  [1, 10_000],
  [5, MINUTE_MS],
  [30, 5 * MINUTE_MS],
]);

export class TimeAxis {
  readonly from: number;
  readonly to: number;
  readonly #width: number;
  readonly #tickMs: number;

  constructor(to: number, minutes: number, width: number) {
    this.to = to;
    this.from = to - minutes * MINUTE_MS;
    this.#width = Math.max(1, width - GUTTER - RIGHT);
    const tickMs = TICKS.get(minutes) ?? MINUTE_MS;
    this.#tickMs = this.#width / ((to - this.from) / tickMs) < 56 ? tickMs * 2 : tickMs;
  }

  x(at: number): number {
    return GUTTER + Math.max(0, (at - this.from) / (this.to - this.from)) * this.#width;
  }

  /** The moment at a place; `null` outside. */
  at(x: number): number | null {
    const share = (x - GUTTER) / this.#width;
    return share < 0 || share > 1 ? null : this.from + share * (this.to - this.from);
  }

  get right(): number {
    return GUTTER + this.#width;
  }

  /** Vertical hairlines down to `bottom`, with the time under them unless `isMute`. */
  draw({ context }: Surface, { line, soft }: Palette, top: number, bottom: number, isMute = false): void {
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
      if (!isMute && x > GUTTER + 16 && x < this.right - 16) context.fillText(clockTime(at).slice(0, shown), x, bottom + 5);
    }
  }

  /** A moment that is pointed at or frozen. */
  drawMoment({ context }: Surface, color: string, at: number, top: number, bottom: number): void {
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
