/**
 * Dispatches as an async iterable, with back-pressure: a consumer that falls behind stops the socket from being read
 * instead of filling the memory.
 */
import { GatewayError, abortedError } from '../protocol/errors.ts';
import type { Dispatch } from '../protocol/packets.ts';

export interface DispatchStreamOptions {
  signal?: AbortSignal;
  /** Only these event names; default all. */
  events?: readonly string[];
  /** Dispatches that may wait before the socket is paused. Default 1024. */
  highWaterMark?: number;
}

interface Owner {
  /** Called when the stream becomes full, and when it is no longer. */
  pressureChanged(): void;
  closed(stream: DispatchStream): void;
}

type Result = IteratorResult<Dispatch, undefined>;

export class DispatchStream implements AsyncIterableIterator<Dispatch, undefined> {
  readonly #owner: Owner;
  readonly #events: ReadonlySet<string> | null;
  readonly #highWaterMark: number;
  readonly #signal: AbortSignal | undefined;
  #buffer: Dispatch[] = [];
  /** The session of each: a consumer that is slow may still hold some of one that is over. */
  #sessions: (string | null)[] = [];
  #head = 0;
  #pending: ((result: Result | Promise<Result>) => void)[] = [];
  /** How it ends once the buffer is empty; `undefined` while it goes on. */
  #end: GatewayError | null | undefined;
  #full = false;

  constructor(owner: Owner, { signal, events, highWaterMark = 1024 }: DispatchStreamOptions = {}) {
    if (!Number.isSafeInteger(highWaterMark) || highWaterMark < 1) {
      throw new GatewayError('INVALID_OPTIONS', 'highWaterMark must be a positive integer');
    }
    this.#owner = owner;
    this.#events = events === undefined ? null : new Set(events);
    this.#highWaterMark = highWaterMark;
    this.#signal = signal;
    if (signal?.aborted === true) this.#abort();
    else signal?.addEventListener('abort', this.#abort, { once: true });
  }

  get isFull(): boolean {
    return this.#full;
  }

  /** The sequence of the oldest dispatch of a session that nobody has taken yet. */
  oldestSequenceOf(sessionId: string | null): number | null {
    for (let index = this.#head; index < this.#buffer.length; index += 1) {
      // Whatever the types say, some gateways send a RESUMED without one.
      const sequence: unknown = this.#buffer[index]?.s;
      if (this.#sessions[index] === sessionId && typeof sequence === 'number') return sequence;
    }
    return null;
  }

  push(dispatch: Dispatch, sessionId: string | null): void {
    if (this.#end !== undefined || (this.#events !== null && !this.#events.has(dispatch.t))) return;
    const pending = this.#pending.shift();
    if (pending !== undefined) return pending({ done: false, value: dispatch });
    this.#buffer.push(dispatch);
    this.#sessions.push(sessionId);
    if (this.#full || this.#buffer.length - this.#head >= this.#highWaterMark) this.#setFull(true);
  }

  /** No more will come: what waits can still be taken, then the iteration ends, or throws `error`. */
  finish(error: GatewayError | null): void {
    if (this.#end === undefined) this.#endWith(error);
  }

  next(): Promise<Result> {
    const value = this.#buffer[this.#head];
    if (value !== undefined) {
      this.#take();
      return Promise.resolve({ done: false, value });
    }
    if (this.#end !== undefined) return this.#ending();
    return new Promise((resolve) => this.#pending.push(resolve));
  }

  /** The consumer leaves its loop: what waits is dropped. */
  return(): Promise<Result> {
    this.#drop();
    this.#endWith(null);
    return Promise.resolve({ done: true, value: undefined });
  }

  [Symbol.asyncIterator](): this {
    return this;
  }

  async [Symbol.asyncDispose](): Promise<void> {
    await this.return();
  }

  #endWith(error: GatewayError | null): void {
    this.#end = error;
    if (this.#full) this.#setFull(false);
    this.#closeIfDrained();
    const pending = this.#pending;
    this.#pending = [];
    for (const resolve of pending) resolve(this.#ending());
  }

  /** An error is for the first who asks; after it there is nothing. */
  #ending(): Promise<Result> {
    const error = this.#end ?? null;
    this.#end = null;
    return error === null ? Promise.resolve({ done: true, value: undefined }) : Promise.reject(error);
  }

  #take(): void {
    this.#head += 1;
    // Moving the rest to the front each time would make a long buffer quadratic.
    if (this.#head * 2 >= this.#buffer.length) {
      this.#buffer = this.#buffer.slice(this.#head);
      this.#sessions = this.#sessions.slice(this.#head);
      this.#head = 0;
    }
    // Well below the mark, or the socket would stop and go with every dispatch.
    if (this.#full) this.#setFull(this.#buffer.length - this.#head > this.#highWaterMark / 2);
    this.#closeIfDrained();
  }

  /** Until what it holds is taken, a finished stream still counts as a consumer. */
  #closeIfDrained(): void {
    if (this.#end === undefined || this.#head < this.#buffer.length) return;
    this.#signal?.removeEventListener('abort', this.#abort);
    this.#owner.closed(this);
  }

  #setFull(full: boolean): void {
    const changed = full !== this.#full;
    this.#full = full;
    // While it stays full every push asks again: a beat that was overdue may have let the socket be read.
    if (changed || full) this.#owner.pressureChanged();
  }

  #drop(): void {
    this.#buffer = [];
    this.#head = 0;
    this.#sessions = [];
    if (this.#full) this.#setFull(false);
  }

  readonly #abort = (): void => {
    this.#drop();
    if (this.#signal !== undefined) this.#endWith(abortedError('dispatches()', this.#signal));
  };
}
