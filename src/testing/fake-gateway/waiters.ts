/** Promises that settle when something has become true, by event: whoever changes something says so. */

interface Waiter {
  /** Whether it has settled. */
  check(): boolean;
  fail(error: Error): void;
}

export class Waiters {
  #waiting = new Set<Waiter>();
  #ended: Error | null = null;

  /** Settles with what `read` gives once that is not `undefined`; rejects when `read` throws or all has ended. */
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
    // One who does not await it must not have the process ended by a rejection.
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
