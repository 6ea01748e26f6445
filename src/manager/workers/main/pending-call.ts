/** A call to a shard in a worker thread, until it is answered. */
import { GatewayError, abortedError } from '../../../protocol/errors.ts';
import { onAbort } from '../../../protocol/on-abort.ts';
import type { Method } from '../wire/messages.ts';

/** What happens to the calls that a thread leaves open. All others are rejected. */
const RESOLVED_ON_THREAD_LOSS: ReadonlySet<Method> = new Set(['disconnect', 'settled']);
const RETRIED_ON_THREAD_LOSS: ReadonlySet<Method> = new Set(['connect', 'reconnect']);

interface PendingCallOptions {
  /** The method that the user called, for the message of an abort. */
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
    // A rejection that the caller ignores must not end the process.
    this.#deferred.promise.catch(() => undefined);
  }

  get promise(): Promise<unknown> {
    return this.#deferred.promise;
  }

  /** Calls `abort` when the signal aborts, until the call is settled or moved to another thread. */
  onAbort(abort: () => void): void {
    this.#stopListening?.();
    this.#stopListening = onAbort(this.#signal, abort);
  }

  /** Settles the call, whose thread has ended, and returns `false`; returns `true` if another thread should repeat it. */
  leaveThread(error: GatewayError, canRepeat: boolean): boolean {
    if (RESOLVED_ON_THREAD_LOSS.has(this.method)) this.resolve();
    else if (canRepeat && RETRIED_ON_THREAD_LOSS.has(this.method)) return true;
    else this.reject(error);
    return false;
  }

  resolve(value?: unknown): void {
    this.#stopListening?.();
    this.#deferred.resolve(value);
  }

  reject(error: GatewayError): void {
    this.#stopListening?.();
    const isOwnAbort = error.code === 'ABORTED' && this.#signal?.aborted === true;
    // The reason of a signal does not cross threads: the caller gets the original here.
    this.#deferred.reject(
      isOwnAbort && this.#signal !== undefined ? abortedError(this.#operation, this.#signal) : error,
    );
  }
}
