/** One direction of the way to an engine: what is sent later does not arrive earlier, whatever the delay is by then. */
import type { Clock } from '../../clock.ts';

export class OrderedDelay {
  readonly #clock: Clock;
  readonly #queue: (() => void)[] = [];
  #lastAt = Number.NEGATIVE_INFINITY;

  constructor(clock: Clock) {
    this.#clock = clock;
  }

  /** Calls back at once if nothing is on the way and there is no delay. */
  after(delayMs: number, callback: () => void): void {
    const now = this.#clock.now();
    const dueAt = Math.max(this.#lastAt, now + delayMs);
    if (dueAt <= now && this.#queue.length === 0) {
      callback();
      return;
    }
    this.#lastAt = dueAt;
    this.#queue.push(callback);
    this.#clock.setTimeout(() => this.#queue.shift()?.(), dueAt - now);
  }
}
