/**
 * Puts a time limit on the calls of a user's session store. A database that has lost its connection may never answer,
 * and what waits for it must go on.
 */
import { setUnrefTimeout } from '../clock.ts';
import type { Clock } from '../clock.ts';
import { GatewayError, abortedError } from '../protocol/errors.ts';
import { onAbort } from '../protocol/on-abort.ts';

interface StoreCall<T> {
  /** The name of the method, for the message. */
  readonly method: string;
  readonly call: () => T | Promise<T>;
  /** Called with an answer that comes after the call has been given up. */
  readonly onLate?: (answer: T) => void;
  /** Called with an error that comes after the call has been given up. */
  readonly onLateError?: (error: unknown) => void;
  /** When it aborts, the call is given up. */
  readonly signal?: AbortSignal | undefined;
}

const HINT = 'Check whether the session store can be reached; if it is only slow, raise timing.connectTimeoutMs.';

const NO_CALLS: ReadonlySet<() => void> = new Set<() => void>();

export class StoreCalls {
  readonly #clock: Clock;
  readonly #timeoutMs: number;
  /** Gives up the calls under way. Created with the first. */
  #pending: Set<() => void> | null = null;
  /** How many callers of {@link giveUpUntil} are waiting. */
  #hurried = 0;

  constructor(clock: Clock, timeoutMs: number) {
    this.#clock = clock;
    this.#timeoutMs = timeoutMs;
  }

  /**
   * Settles as `call` does. Rejects with `SESSION_STORE_FAILED` when the time is over, and with `ABORTED`. A `call` that
   * throws is like one that rejects.
   */
  async run<T>({ method, call, onLate, onLateError, signal }: StoreCall<T>): Promise<T> {
    const givenUp = Promise.withResolvers<never>();
    let isGivenUp = false;
    const giveUp = (error: GatewayError): void => {
      isGivenUp = true;
      givenUp.reject(error);
    };
    const failure = (when: string): GatewayError =>
      new GatewayError('SESSION_STORE_FAILED', `${method}() of the session store did not answer ${when}`, {
        hint: HINT,
      });
    const expire = (): void => giveUp(failure(`within ${this.#timeoutMs} ms`));
    const abandon = (): void => giveUp(failure('before the end'));
    // A store that does not answer must not keep a process alive that has stopped.
    const timer = setUnrefTimeout(this.#clock, expire, this.#timeoutMs);
    (this.#pending ??= new Set()).add(abandon);
    const answer = (async () => call())();
    if (this.#hurried > 0) abandon();
    answer.then(
      (value) => (isGivenUp ? onLate?.(value) : undefined),
      (error: unknown) => (isGivenUp ? onLateError?.(error) : undefined),
    );
    const stopListening = onAbort(signal, () => {
      if (signal !== undefined) giveUp(abortedError(`${method}() of the session store`, signal));
    });
    try {
      return await Promise.race([answer, givenUp.promise]);
    } finally {
      stopListening();
      this.#clock.clearTimeout(timer);
      this.#pending?.delete(abandon);
    }
  }

  /**
   * Waits no longer for the calls under way, nor for those that begin before `done` settles. The store is still asked:
   * an answer that comes later is treated as every late one.
   */
  async giveUpUntil(done: Promise<unknown>): Promise<void> {
    this.#hurried += 1;
    for (const abandon of this.#pending ?? NO_CALLS) abandon();
    try {
      await done;
    } finally {
      this.#hurried -= 1;
    }
  }
}
