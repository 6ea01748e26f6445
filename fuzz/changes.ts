/** Lets the fuzzer wait for a condition: it is checked whenever something has happened, and not by a timer. */
export class Changes {
  #waiting: (() => void)[] = [];

  readonly notify = (): void => {
    const waiting = this.#waiting;
    this.#waiting = [];
    for (const wake of waiting) wake();
  };

  /** Resolves with `true` when the condition holds, and with `false` after `timeoutMs`. */
  async until(condition: () => boolean, timeoutMs: number): Promise<boolean> {
    const deadline = new AbortController();
    const timer = setTimeout(() => {
      deadline.abort();
      this.notify();
    }, timeoutMs);
    while (!condition() && !deadline.signal.aborted) await this.#next();
    clearTimeout(timer);
    return condition();
  }

  #next(): Promise<void> {
    return new Promise((resolve) => this.#waiting.push(resolve));
  }
}
