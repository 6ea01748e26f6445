/** Promises that wait for the same thing, each of which can be given up by its own signal. */
import { abortedError } from '../protocol/errors.ts';
import type { GatewayError } from '../protocol/errors.ts';

interface Waiter {
  resolve(): void;
  reject(error: GatewayError): void;
}

export class WaitList {
  readonly #operation: string;
  #waiters: Waiter[] = [];

  /** @param operation - what is waited for, for the message of an abort */
  constructor(operation: string) {
    this.#operation = operation;
  }

  get size(): number {
    return this.#waiters.length;
  }

  /** Rejects with `ABORTED` when the signal fires first; then `onAbort` is called. */
  wait(signal?: AbortSignal, onAbort?: () => void): Promise<void> {
    return new Promise((resolve, reject) => {
      const waiter: Waiter = {
        resolve: () => {
          signal?.removeEventListener('abort', abort);
          resolve();
        },
        reject: (error) => {
          signal?.removeEventListener('abort', abort);
          reject(error);
        },
      };
      const abort = (): void => {
        if (signal === undefined) return;
        this.#waiters = this.#waiters.filter((other) => other !== waiter);
        waiter.reject(abortedError(this.#operation, signal));
        onAbort?.();
      };
      this.#waiters.push(waiter);
      if (signal?.aborted === true) abort();
      else signal?.addEventListener('abort', abort, { once: true });
    });
  }

  resolve(): void {
    for (const waiter of this.#removeAll()) waiter.resolve();
  }

  reject(error: GatewayError): void {
    for (const waiter of this.#removeAll()) waiter.reject(error);
  }

  #removeAll(): Waiter[] {
    const waiters = this.#waiters;
    this.#waiters = [];
    return waiters;
  }
}
