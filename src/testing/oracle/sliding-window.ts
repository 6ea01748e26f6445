/** A sliding window over the last events of one kind, in a ring that never grows. */
export class SlidingWindow {
  readonly #times: Float64Array;
  readonly #windowMs: number;
  #next = 0;

  /** At most `max` in any `windowMs`. */
  constructor(max: number, windowMs: number) {
    this.#times = new Float64Array(max).fill(-Infinity);
    this.#windowMs = windowMs;
  }

  /** Counts one more; whether the window has held it. */
  count(now: number): boolean {
    const oldest = this.#times[this.#next] ?? -Infinity;
    this.#times[this.#next] = now;
    this.#next = (this.#next + 1) % this.#times.length;
    return now - oldest >= this.#windowMs;
  }
}
