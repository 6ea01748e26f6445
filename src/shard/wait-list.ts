/** Promises that wait for the same change. Each can be aborted by its own signal. */
import { abortedError } from '../protocol/errors.ts';
import type { GatewayError } from '../protocol/errors.ts';
import { onAbort } from '../protocol/on-abort.ts';

interface Waiter {
  resolve(): void;
  reject(error: GatewayError): void;
  stopListening: (() => void) | null;
}

export class WaitList {
  readonly #operation: string;
  #waiters: Waiter[] = [];

  /** @param operation - what the user called, for the message of an abort */
  constructor(operation: string) {
    this.#operation = operation;
  }

  get size(): number {
    return this.#waiters.length;
  }

  /** Rejects with `ABORTED` if the signal aborts first; then `onAborted` is called. */
  wait(signal?: AbortSignal, onAborted?: () => void): Promise<void> {
    return new Promise((resolve, reject) => {
      const waiter: Waiter = { resolve, reject, stopListening: null };
      this.#waiters.push(waiter);
      if (signal === undefined) return;
      waiter.stopListening = onAbort(signal, () => {
        this.#waiters = this.#waiters.filter((other) => other !== waiter);
        reject(abortedError(this.#operation, signal));
        onAborted?.();
      });
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
    for (const { stopListening } of waiters) stopListening?.();
    return waiters;
  }
}
