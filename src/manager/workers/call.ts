/** Something asked of a shard in another thread, until it is answered. */
import { GatewayError, abortedError } from '../../protocol/errors.ts';
import type { Method } from './messages.ts';

interface CallOptions {
  /** What the user called, for the message of an abort. */
  readonly what: string;
  readonly signal?: AbortSignal | undefined;
}

export class Call {
  readonly method: Method;
  readonly args: readonly unknown[];
  readonly #what: string;
  readonly #signal: AbortSignal | undefined;
  readonly #settlers = Promise.withResolvers<unknown>();
  #stopListening: (() => void) | null = null;

  constructor(method: Method, args: readonly unknown[], { what, signal }: CallOptions) {
    this.method = method;
    this.args = args;
    this.#what = what;
    this.#signal = signal;
    // A rejection that nobody looks at must not end the process.
    this.#settlers.promise.catch(() => undefined);
  }

  get promise(): Promise<unknown> {
    return this.#settlers.promise;
  }

  /** Calls `abort` when the signal fires, until the call is settled, or is taken elsewhere. */
  listen(abort: () => void): void {
    const signal = this.#signal;
    this.#stopListening?.();
    this.#stopListening = () => signal?.removeEventListener('abort', abort);
    if (signal?.aborted === true) abort();
    else signal?.addEventListener('abort', abort, { once: true });
  }

  resolve(value?: unknown): void {
    this.#stopListening?.();
    this.#settlers.resolve(value);
  }

  reject(error: GatewayError): void {
    this.#stopListening?.();
    const isOurs = error.code === 'ABORTED' && this.#signal?.aborted === true;
    // The reason of a signal stays in its thread.
    this.#settlers.reject(isOurs && this.#signal !== undefined ? abortedError(this.#what, this.#signal) : error);
  }
}
