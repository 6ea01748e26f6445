/** A gate for things that happen later: while it is held they wait in order, on release they go ahead. */
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

  /** Forgets what waits. */
  clear(): void {
    this.#waiting = [];
  }
}
