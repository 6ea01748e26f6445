/**
 * Dispatches as an async iterable, with back-pressure: a consumer that falls behind stops sockets from being read
 * instead of filling the memory. What waits is an item with a dispatch in it; what is given out, its owner says.
 */
import { GatewayError, abortedError } from '../protocol/errors.ts';
import { onAbort } from '../protocol/on-abort.ts';
import type { Dispatch } from '../protocol/packets.ts';
import { isPositiveInteger } from '../protocol/validation.ts';

export interface DispatchStreamOptions {
  signal?: AbortSignal;
  /** Only these event names; default all. */
  events?: readonly string[];
  /** Dispatches that may wait before the socket is paused. Default 1024. */
  highWaterMark?: number;
}

interface BufferedItem {
  readonly dispatch: Dispatch;
}

export interface PullStreamCallbacks {
  /** Called when the stream becomes full, with all that comes while it is, and when it is no longer. */
  onPressureChange(): void;
  /** Nothing waits in it any more, and nothing will. */
  onClosed(stream: object): void;
}

type Result<Value> = IteratorResult<Value, undefined>;

export abstract class PullStream<Item extends BufferedItem, Value> implements AsyncIterableIterator<Value, undefined> {
  readonly #callbacks: PullStreamCallbacks;
  readonly #events: ReadonlySet<string> | null;
  readonly #highWaterMark: number;
  readonly #signal: AbortSignal | undefined;
  readonly #stopListening: (() => void) | null;
  #items: Item[] = [];
  #head = 0;
  #pending: ((result: Result<Value> | Promise<Result<Value>>) => void)[] = [];
  /** How it ends once nothing waits; `undefined` while it goes on. */
  #endedWith: GatewayError | null | undefined;
  #full = false;

  constructor(callbacks: PullStreamCallbacks, { signal, events, highWaterMark = 1024 }: DispatchStreamOptions = {}) {
    if (!isPositiveInteger(highWaterMark)) {
      throw new GatewayError('INVALID_OPTIONS', 'highWaterMark must be a positive integer');
    }
    this.#callbacks = callbacks;
    this.#events = events === undefined ? null : new Set(events);
    this.#highWaterMark = highWaterMark;
    this.#signal = signal;
    this.#stopListening = onAbort(signal, () => this.#abort());
  }

  get isFull(): boolean {
    return this.#full;
  }

  wants(t: string): boolean {
    return this.#endedWith === undefined && (this.#events === null || this.#events.has(t));
  }

  /** No more will come: what waits can still be taken, then the iteration ends, or throws `error`. */
  finish(error: GatewayError | null): void {
    if (this.#endedWith === undefined) this.#endWith(error);
  }

  next(): Promise<Result<Value>> {
    const item = this.#items[this.#head];
    if (item !== undefined) {
      this.#consume();
      return Promise.resolve({ done: false, value: this.toValue(item) });
    }
    if (this.#endedWith !== undefined) return this.#endResult();
    return new Promise((resolve) => this.#pending.push(resolve));
  }

  /** The consumer leaves its loop: what waits is dropped. */
  return(): Promise<Result<Value>> {
    this.#discardBuffer();
    this.#endWith(null);
    return Promise.resolve({ done: true, value: undefined });
  }

  [Symbol.asyncIterator](): this {
    return this;
  }

  async [Symbol.asyncDispose](): Promise<void> {
    await this.return();
  }

  protected abstract toValue(item: Item): Value;

  /** Takes what is wanted; what is not needs no item. */
  protected add(item: Item): void {
    const pending = this.#pending.shift();
    if (pending !== undefined) return pending({ done: false, value: this.toValue(item) });
    this.#items.push(item);
    if (this.#full || this.#items.length - this.#head >= this.#highWaterMark) this.#setFull(true);
  }

  /** The lowest sequence that nobody has taken yet; not the first, for a session can be set back. */
  protected lowestSequence(matches: (item: Item) => boolean): number | null {
    let lowest: number | null = null;
    for (let index = this.#head; index < this.#items.length; index += 1) {
      const item = this.#items[index];
      if (item === undefined || !matches(item)) continue;
      // Whatever the types say, some gateways send a RESUMED without one.
      const sequence: unknown = item.dispatch.s;
      if (typeof sequence === 'number' && (lowest === null || sequence < lowest)) lowest = sequence;
    }
    return lowest;
  }

  #endWith(error: GatewayError | null): void {
    this.#endedWith = error;
    if (this.#full) this.#setFull(false);
    this.#closeIfEmpty();
    const pending = this.#pending;
    this.#pending = [];
    for (const resolve of pending) resolve(this.#endResult());
  }

  /** An error is for the first who asks; after it there is nothing. */
  #endResult(): Promise<Result<Value>> {
    const error = this.#endedWith ?? null;
    this.#endedWith = null;
    return error === null ? Promise.resolve({ done: true, value: undefined }) : Promise.reject(error);
  }

  #consume(): void {
    this.#head += 1;
    // Moving the rest to the front each time would make a long buffer quadratic.
    if (this.#head * 2 >= this.#items.length) {
      this.#items = this.#items.slice(this.#head);
      this.#head = 0;
    }
    // Well below the mark, or the socket would stop and go with every dispatch.
    if (this.#full) this.#setFull(this.#items.length - this.#head > this.#highWaterMark / 2);
    this.#closeIfEmpty();
  }

  /** Until what it holds is taken, a finished stream still counts as a consumer. */
  #closeIfEmpty(): void {
    if (this.#endedWith === undefined || this.#head < this.#items.length) return;
    this.#stopListening?.();
    this.#callbacks.onClosed(this);
  }

  #setFull(full: boolean): void {
    const changed = full !== this.#full;
    this.#full = full;
    // While it stays full every dispatch asks again: a beat that was overdue may have let the socket be read.
    if (changed || full) this.#callbacks.onPressureChange();
  }

  #discardBuffer(): void {
    this.#items = [];
    this.#head = 0;
    if (this.#full) this.#setFull(false);
  }

  #abort(): void {
    this.#discardBuffer();
    if (this.#signal !== undefined) this.#endWith(abortedError('dispatches()', this.#signal));
  }
}
