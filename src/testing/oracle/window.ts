/** A sliding window over the last events of one kind, in a ring that never grows. */
export class Window {
  readonly #times: Float64Array;
  readonly #windowMs: number;
  #next = 0;

  /** At most `most` in any `windowMs`. */
  constructor(most: number, windowMs: number) {
    this.#times = new Float64Array(most).fill(-Infinity);
    this.#windowMs = windowMs;
  }

  /** Counts one more; whether the window has held it. */
  count(now: number): boolean {
    const before = this.#times[this.#next] ?? -Infinity;
    this.#times[this.#next] = now;
    this.#next = (this.#next + 1) % this.#times.length;
    return now - before >= this.#windowMs;
  }
}
