/** Promises that wait for the same thing, each of which can be given up by its own signal. */
import { abortedError } from '../protocol/errors.ts';
import type { GatewayError } from '../protocol/errors.ts';

interface Settler {
  resolve(): void;
  reject(error: GatewayError): void;
}

export class Settlers {
  readonly #what: string;
  #settlers: Settler[] = [];

  /** @param what - what is waited for, for the message of an abort */
  constructor(what: string) {
    this.#what = what;
  }

  get size(): number {
    return this.#settlers.length;
  }

  /** Rejects with `ABORTED` when the signal fires first; then `onAbort` is called. */
  wait(signal?: AbortSignal, onAbort?: () => void): Promise<void> {
    return new Promise((resolve, reject) => {
      const settler: Settler = {
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
        this.#settlers = this.#settlers.filter((other) => other !== settler);
        settler.reject(abortedError(this.#what, signal));
        onAbort?.();
      };
      this.#settlers.push(settler);
      if (signal?.aborted === true) abort();
      else signal?.addEventListener('abort', abort, { once: true });
    });
  }

  resolve(): void {
    for (const settler of this.#takeAll()) settler.resolve();
  }

  reject(error: GatewayError): void {
    for (const settler of this.#takeAll()) settler.reject(error);
  }

  #takeAll(): Settler[] {
    const settlers = this.#settlers;
    this.#settlers = [];
    return settlers;
  }
}
