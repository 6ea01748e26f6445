/** Delays callbacks while it is held, and runs them in order when it is released. */
export class Latch {
  #held = false;
  #waiting: (() => void)[] = [];

  hold(): void {
    this.#held = true;
  }

  release(): void {
    this.#held = false;
    const waiting = this.#waiting;
    this.#waiting = [];
    for (const callback of waiting) callback();
  }

  run(callback: () => void): void {
    if (this.#held) this.#waiting.push(callback);
    else callback();
  }

  /** Drops the waiting callbacks. */
  clear(): void {
    this.#waiting = [];
  }
}
