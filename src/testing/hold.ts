/** A gate for things that happen later: while it is held they wait in order, on release they go ahead. */
export class Hold {
  #held = false;
  #waiting: (() => void)[] = [];

  hold(): void {
    this.#held = true;
  }

  release(): void {
    this.#held = false;
    const waiting = this.#waiting;
    this.#waiting = [];
    for (const go of waiting) go();
  }

  pass(go: () => void): void {
    if (this.#held) this.#waiting.push(go);
    else go();
  }

  /** Forgets what waits. */
  clear(): void {
    this.#waiting = [];
  }
}
