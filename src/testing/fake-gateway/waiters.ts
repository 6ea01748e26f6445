/** Promises that resolve when a condition becomes true. Every change calls `checkAll()`; nothing polls. */

interface Waiter {
  /** Checks the condition. Returns whether the promise has settled. */
  check(): boolean;
  fail(error: Error): void;
}

export class Waiters {
  #waiting = new Set<Waiter>();
  #ended: Error | null = null;

  /**
   * Resolves with the first value of `read` that is not `undefined`. Rejects when `read` throws, or on `rejectAll()`.
   */
  until<T>(read: () => T | undefined): Promise<T> {
    const promise = new Promise<T>((resolve, reject) => {
      const waiter: Waiter = {
        check: () => {
          try {
            const found = read();
            if (found === undefined) return false;
            resolve(found);
          } catch (cause) {
            reject(cause instanceof Error ? cause : new Error('the predicate threw', { cause }));
          }
          return true;
        },
        fail: reject,
      };
      if (waiter.check()) return;
      if (this.#ended !== null) reject(this.#ended);
      else this.#waiting.add(waiter);
    });
    // A test that does not await the promise must not end with an unhandled rejection.
    promise.catch(() => undefined);
    return promise;
  }

  checkAll(): void {
    for (const waiter of this.#waiting) {
      if (waiter.check()) this.#waiting.delete(waiter);
    }
  }

  rejectAll(error: Error): void {
    this.#ended ??= error;
    for (const waiter of this.#waiting) waiter.fail(error);
    this.#waiting.clear();
  }
}
