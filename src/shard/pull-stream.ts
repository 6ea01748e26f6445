/**
 * Dispatches as an async iterable with back-pressure. If the consumer falls behind, the sockets are paused, so that the
 * buffer does not fill the memory. Subclasses decide what they buffer with a dispatch and which value the consumer
 * gets.
 */
import { LazyDispatch } from '../decoding/lazy-dispatch.ts';
import { GatewayError, abortedError } from '../protocol/errors.ts';
import { onAbort } from '../protocol/on-abort.ts';
import type { Dispatch } from '../protocol/packets.ts';
import { isPositiveInteger } from '../protocol/validation.ts';
import type { BufferBudget } from './buffer-budget.ts';

/** The options of `dispatches()`. */
export interface DispatchStreamOptions {
  /** Ends the iteration: it throws `ABORTED`, and buffered dispatches are dropped. */
  signal?: AbortSignal;
  /**
   * The only events that the stream contains.
   * @defaultValue all events
   */
  events?: readonly string[];
  /**
   * Number of buffered dispatches at which the socket is paused. Raise it if your consumer works in bursts.
   * @defaultValue `1_024`
   */
  highWaterMark?: number;
}

interface BufferedItem {
  readonly dispatch: Dispatch;
}

export interface PullStreamCallbacks {
  /** Counts what waits in all streams. A stream that has ended does not count: nothing is added to it any more. */
  readonly budget: BufferBudget;
  /** Called when the stream becomes full, and when it is no longer full. */
  onPressureChange(): void;
  /** Called when the stream has ended and its buffer is empty. */
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
  /** How the stream ends when its buffer is empty; `undefined` before its end. */
  #endedWith: GatewayError | null | undefined;
  #full = false;
  #bytes = 0;

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

  /** Ends the stream after the buffered dispatches, with `error` if there is one. */
  finish(error: GatewayError | null): void {
    if (this.#endedWith === undefined) this.#endWith(error);
  }

  next(): Promise<Result<Value>> {
    const item = this.#items[this.#head];
    if (item !== undefined) {
      this.#consume(item);
      return Promise.resolve({ done: false, value: this.toValue(item) });
    }
    if (this.#endedWith !== undefined) return this.#endResult();
    return new Promise((resolve) => this.#pending.push(resolve));
  }

  /** Called when the consumer leaves its loop. Drops the buffer. */
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

  /** Adds an item that {@link wants} has accepted. */
  protected add(item: Item): void {
    const pending = this.#pending.shift();
    if (pending !== undefined) return pending({ done: false, value: this.toValue(item) });
    this.#items.push(item);
    const bytes = LazyDispatch.byteLengthOf(item.dispatch);
    this.#bytes += bytes;
    this.#callbacks.budget.add(bytes);
    if (!this.#full && this.#items.length - this.#head >= this.#highWaterMark) this.#setFull(true);
  }

  /** Returns the lowest buffered sequence. It may not be the first: a roll-back makes sequences repeat. */
  protected lowestSequence(matches: (item: Item) => boolean): number | null {
    let lowest: number | null = null;
    for (let index = this.#head; index < this.#items.length; index += 1) {
      const item = this.#items[index];
      if (item === undefined || !matches(item)) continue;
      // Some gateways send a RESUMED without a sequence, whatever the types say.
      const sequence: unknown = item.dispatch.s;
      if (typeof sequence === 'number' && (lowest === null || sequence < lowest)) lowest = sequence;
    }
    return lowest;
  }

  #endWith(error: GatewayError | null): void {
    this.#endedWith = error;
    if (this.#full) this.#setFull(false);
    this.#release(this.#bytes);
    this.#closeIfEmpty();
    const pending = this.#pending;
    this.#pending = [];
    for (const resolve of pending) resolve(this.#endResult());
  }

  /** Only the first call gets the error; later calls get `done`. */
  #endResult(): Promise<Result<Value>> {
    const error = this.#endedWith ?? null;
    this.#endedWith = null;
    return error === null ? Promise.resolve({ done: true, value: undefined }) : Promise.reject(error);
  }

  #consume({ dispatch }: Item): void {
    this.#head += 1;
    // Removing one item at a time from the front would make a long buffer quadratic.
    if (this.#head * 2 >= this.#items.length) {
      this.#items = this.#items.slice(this.#head);
      this.#head = 0;
    }
    // Resumes at half the mark, or the socket would pause and resume with every dispatch.
    if (this.#full && this.#items.length - this.#head <= this.#highWaterMark / 2) this.#setFull(false);
    if (this.#endedWith === undefined) this.#release(LazyDispatch.byteLengthOf(dispatch));
    this.#closeIfEmpty();
  }

  /** A stream that has ended still counts as a consumer until its buffer is empty. */
  #closeIfEmpty(): void {
    if (this.#endedWith === undefined || this.#head < this.#items.length) return;
    this.#stopListening?.();
    this.#callbacks.onClosed(this);
  }

  #setFull(full: boolean): void {
    this.#full = full;
    this.#callbacks.onPressureChange();
  }

  #release(bytes: number): void {
    this.#bytes -= bytes;
    this.#callbacks.budget.remove(bytes);
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
