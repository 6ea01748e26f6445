/**
 * Tells when frames begin and end. Many frames arrive together, and the clock reads two clocks of Node to notice a
 * suspended machine. Here it is read once for all frames of a turn of the event loop; within the turn, a frame begins
 * when the one before has ended, and its end is measured with the monotonic clock alone.
 */
import { stopwatchOf } from '../clock.ts';
import type { Clock } from '../clock.ts';

const RESOLVED = Promise.resolve();

export class FrameTimer {
  readonly #clock: Clock;
  /** `null` for a clock that may move within a turn. */
  readonly #stopwatch: (() => number) | null;
  /** The time at which the stopwatch would have shown 0. */
  #offset = 0;
  #lastEnd = 0;
  #isInTurn = false;
  readonly #endTurn = (): void => {
    this.#isInTurn = false;
  };

  constructor(clock: Clock, stopwatch = stopwatchOf(clock)) {
    this.#clock = clock;
    this.#stopwatch = stopwatch;
  }

  /** Returns when a frame begins, in milliseconds since the epoch. */
  start(): number {
    if (this.#isInTurn) return this.#lastEnd;
    const now = this.#clock.now();
    if (this.#stopwatch === null) return now;
    this.#offset = now - this.#stopwatch();
    this.#isInTurn = true;
    // Promises are settled as soon as all frames that arrived together have been handled.
    void RESOLVED.then(this.#endTurn);
    return now;
  }

  /** Returns when the frame has been handled. */
  end(): number {
    this.#lastEnd = this.#isInTurn && this.#stopwatch !== null ? this.#offset + this.#stopwatch() : this.#clock.now();
    return this.#lastEnd;
  }
}
