/**
 * Shows how many shards of a manager are ready, and the time left. On a terminal one line is redrawn; elsewhere a new
 * line is printed every few seconds.
 */
import type { ManagerEvents, Progress, ShardManager } from '../index.ts';
import { LiveLine } from './live-line.ts';
import type { OutputLog } from './output-log.ts';
import { formatNumber, formatDuration } from '../inspect/page/model/format.ts';

/** How often a line is printed without a terminal. */
const LINE_EVERY_MS = 2_000;
const BAR_WIDTH = 24;

/** `████████░░░░`. */
export function bar(done: number, width: number): string {
  const full = Math.round(Math.min(1, Math.max(0, done)) * width);
  return `${'█'.repeat(full)}${'░'.repeat(width - full)}`;
}

/** Returns `12 of 64 ready, about 15 s left, 940 session starts left`. @param etaMs - the time left now */
export function progressText({ ready, total, remainingStarts }: Progress, etaMs: number): string {
  return [
    `${formatNumber(ready)} of ${formatNumber(total)} ready`,
    ...(ready === total ? [] : [etaMs >= 1_000 ? `about ${formatDuration(etaMs)} left` : 'any moment now']),
    ...(remainingStarts === null ? [] : [`${formatNumber(remainingStarts)} session starts left`]),
  ].join(', ');
}

type ProgressSource = Pick<ShardManager, 'on' | 'off'>;

export class ProgressLine extends LiveLine {
  readonly #manager: ProgressSource;
  #latest: { readonly progress: Progress; readonly at: number } | null = null;
  #loggedAt = Number.NEGATIVE_INFINITY;

  constructor(manager: ProgressSource, output: OutputLog) {
    super(output);
    this.#manager = manager;
  }

  override start(): void {
    this.#manager.on('progress', this.#onProgress);
    super.start();
  }

  override stop(): void {
    this.#manager.off('progress', this.#onProgress);
    super.stop();
  }

  readonly #onProgress = (...[progress]: ManagerEvents['progress']): void => {
    const now = performance.now();
    this.#latest = { progress, at: now };
    if (this.output.statusWidth !== null) return this.draw();
    // The last line always appears.
    if (now - this.#loggedAt < LINE_EVERY_MS && progress.ready < progress.total) return;
    this.#loggedAt = now;
    this.output.log('note', progressText(progress, progress.etaMs));
  };

  protected override renderLine(width: number): string | null {
    if (this.#latest === null) return null;
    const { progress, at } = this.#latest;
    const text = progressText(progress, progress.etaMs - (performance.now() - at));
    const drawn = bar(progress.ready / progress.total, Math.min(BAR_WIDTH, Math.max(0, width - text.length - 1)));
    return `${this.output.colorize('cyan', drawn)} ${this.output.colorize('dim', text.slice(0, Math.max(0, width - drawn.length - 1)))}`;
  }
}
