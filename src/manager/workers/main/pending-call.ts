/** Something asked of a shard in another thread, until it is answered. */
import { GatewayError, abortedError } from '../../../protocol/errors.ts';
import type { Method } from '../wire/messages.ts';

interface PendingCallOptions {
  /** What the user called, for the message of an abort. */
  readonly operation: string;
  readonly signal?: AbortSignal | undefined;
}

export class PendingCall {
  readonly method: Method;
  readonly args: readonly unknown[];
  readonly #operation: string;
  readonly #signal: AbortSignal | undefined;
  readonly #deferred = Promise.withResolvers<unknown>();
  #stopListening: (() => void) | null = null;

  constructor(method: Method, args: readonly unknown[], { operation, signal }: PendingCallOptions) {
    this.method = method;
    this.args = args;
    this.#operation = operation;
    this.#signal = signal;
    // A rejection that nobody looks at must not end the process.
    this.#deferred.promise.catch(() => undefined);
  }

  get promise(): Promise<unknown> {
    return this.#deferred.promise;
  }

  /** Calls `abort` when the signal fires, until the call is settled, or is taken elsewhere. */
  onAbort(abort: () => void): void {
    const signal = this.#signal;
    this.#stopListening?.();
    this.#stopListening = () => signal?.removeEventListener('abort', abort);
    if (signal?.aborted === true) abort();
    else signal?.addEventListener('abort', abort, { once: true });
  }

  resolve(value?: unknown): void {
    this.#stopListening?.();
    this.#deferred.resolve(value);
  }

  reject(error: GatewayError): void {
    this.#stopListening?.();
    const isOwnAbort = error.code === 'ABORTED' && this.#signal?.aborted === true;
    // The reason of a signal stays in its thread.
    this.#deferred.reject(
      isOwnAbort && this.#signal !== undefined ? abortedError(this.#operation, this.#signal) : error,
    );
  }
}
