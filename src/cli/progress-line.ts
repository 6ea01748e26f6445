/**
 * How far a manager is while its shards start, and when it may be done: one line that is redrawn on a terminal, a line
 * now and then where there is none.
 */
import type { ManagerEvents, Progress, ShardManager } from '../index.ts';
import { LiveLine } from './live-line.ts';
import type { Stream } from './stream.ts';
import { grouped, lasting } from './words.ts';

/** Without a terminal each line stays. */
const LINE_EVERY_MS = 2_000;
const BAR_WIDTH = 24;

/** `████████░░░░`. */
export function bar(done: number, width: number): string {
  const full = Math.round(Math.min(1, Math.max(0, done)) * width);
  return `${'█'.repeat(full)}${'░'.repeat(width - full)}`;
}

/** `12 of 64 ready, about 15 s to go, 940 session starts left`, `etaMs` being what is left of it now. */
export function progressInWords({ ready, total, remainingStarts }: Progress, etaMs: number): string {
  return [
    `${grouped(ready)} of ${grouped(total)} ready`,
    ...(ready === total ? [] : [etaMs >= 1_000 ? `about ${lasting(etaMs)} to go` : 'any moment now']),
    ...(remainingStarts === null ? [] : [`${grouped(remainingStarts)} session starts left`]),
  ].join(', ');
}

type Told = Pick<ShardManager, 'on' | 'off'>;

export class ProgressLine extends LiveLine {
  readonly #manager: Told;
  #latest: { readonly progress: Progress; readonly at: number } | null = null;
  #toldAt = Number.NEGATIVE_INFINITY;

  constructor(manager: Told, stream: Stream) {
    super(stream);
    this.#manager = manager;
  }

  override start(): void {
    this.#manager.on('progress', this.#take);
    super.start();
  }

  override stop(): void {
    this.#manager.off('progress', this.#take);
    super.stop();
  }

  readonly #take = (...[progress]: ManagerEvents['progress']): void => {
    const now = performance.now();
    this.#latest = { progress, at: now };
    if (this.stream.statusWidth !== null) return this.draw();
    // Who waits for the end must not miss it.
    if (now - this.#toldAt < LINE_EVERY_MS && progress.ready < progress.total) return;
    this.#toldAt = now;
    this.stream.tell('note', progressInWords(progress, progress.etaMs));
  };

  protected override line(width: number): string | null {
    if (this.#latest === null) return null;
    const { progress, at } = this.#latest;
    const words = progressInWords(progress, progress.etaMs - (performance.now() - at));
    const drawn = bar(progress.ready / progress.total, Math.min(BAR_WIDTH, Math.max(0, width - words.length - 1)));
    return `${this.stream.paint('cyan', drawn)} ${this.stream.paint('dim', words.slice(0, Math.max(0, width - drawn.length - 1)))}`;
  }
}
