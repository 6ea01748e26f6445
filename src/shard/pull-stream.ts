/**
 * Dispatches as an async iterable with back-pressure. If the consumer falls behind, the sockets are paused, so that the
 * buffer does not fill the memory. Subclasses decide what they buffer with a dispatch and which value the consumer
 * gets.
 */
import { GatewayError, abortedError } from '../protocol/errors.ts';
import type { AnyEventName } from '../protocol/packets.ts';
import { onAbort } from '../protocol/on-abort.ts';
import { isPositiveInteger } from '../protocol/validation.ts';
import { BufferLevel, DEFAULT_HIGH_WATER_MARK } from './buffer-level.ts';
import type { BufferLevelCallbacks } from './buffer-level.ts';
import { DispatchFifo } from './dispatch-fifo.ts';
import type { BufferedItem } from './dispatch-fifo.ts';

/** The options of `dispatches()`. */
export interface DispatchStreamOptions<T extends AnyEventName = AnyEventName> {
  /** Ends the iteration: it throws `ABORTED`, and buffered dispatches are dropped. */
  signal?: AbortSignal;
  /**
   * The only events that the stream contains. The types know those that discord-api-types documents; write another as
   * `'SOMETHING_NEW' as CustomEventName`.
   * @defaultValue all events
   */
  events?: readonly T[];
  /**
   * Number of buffered dispatches at which the socket is paused. Raise it if your consumer works in bursts.
   * @defaultValue `1_024`
   */
  highWaterMark?: number;
}

export interface PullStreamCallbacks extends BufferLevelCallbacks {
  /** Called when the stream has ended and its buffer is empty. */
  onClosed(stream: object): void;
}

type Result<Value> = IteratorResult<Value, undefined>;

export abstract class PullStream<Item extends BufferedItem, Value> implements AsyncIterableIterator<Value, undefined> {
  readonly #callbacks: PullStreamCallbacks;
  readonly #events: ReadonlySet<string> | null;
  readonly #signal: AbortSignal | undefined;
  readonly #stopListening: (() => void) | null;
  readonly #items = new DispatchFifo<Item>();
  /** A stream that has ended does not count: nothing is added to it any more. */
  readonly #level: BufferLevel;
  #pending: ((result: Result<Value> | Promise<Result<Value>>) => void)[] = [];
  /** How the stream ends when its buffer is empty; `undefined` before its end. */
  #endedWith: GatewayError | null | undefined;

  constructor(
    callbacks: PullStreamCallbacks,
    { signal, events, highWaterMark = DEFAULT_HIGH_WATER_MARK }: DispatchStreamOptions = {},
  ) {
    if (!isPositiveInteger(highWaterMark)) {
      throw new GatewayError('INVALID_OPTIONS', 'highWaterMark must be a positive integer');
    }
    this.#callbacks = callbacks;
    this.#events = events === undefined ? null : new Set<string>(events);
    this.#level = new BufferLevel(callbacks, highWaterMark);
    this.#signal = signal;
    this.#stopListening = onAbort(signal, () => this.#abort());
  }

  get isFull(): boolean {
    return this.#level.isFull;
  }

  wants(t: string): boolean {
    return this.#endedWith === undefined && (this.#events === null || this.#events.has(t));
  }

  /** Ends the stream after the buffered dispatches, with `error` if there is one. */
  finish(error: GatewayError | null): void {
    if (this.#endedWith === undefined) this.#endWith(error);
  }

  next(): Promise<Result<Value>> {
    const item = this.#items.shift();
    if (item !== undefined) {
      if (this.#endedWith === undefined) this.#level.remove(item.dispatch);
      this.#closeIfEmpty();
      return Promise.resolve({ done: false, value: this.toValue(item) });
    }
    if (this.#endedWith !== undefined) return this.#endResult();
    return new Promise((resolve) => this.#pending.push(resolve));
  }

  /** Called when the consumer leaves its loop. Drops the buffer. */
  return(): Promise<Result<Value>> {
    this.#items.clear();
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
    this.#level.add(item.dispatch);
  }

  /** Drops what matches: another process delivers it. */
  protected remove(matches: (item: Item) => boolean): void {
    for (const { dispatch } of this.#items.remove(matches))
      if (this.#endedWith === undefined) this.#level.remove(dispatch);
    this.#closeIfEmpty();
  }

  /** Returns the lowest buffered sequence. */
  protected lowestSequence(matches: (item: Item) => boolean): number | null {
    return this.#items.lowestSequence(matches);
  }

  #endWith(error: GatewayError | null): void {
    this.#endedWith = error;
    this.#level.clear();
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

  /** A stream that has ended still counts as a consumer until its buffer is empty. */
  #closeIfEmpty(): void {
    if (this.#endedWith === undefined || this.#items.size > 0) return;
    this.#stopListening?.();
    this.#callbacks.onClosed(this);
  }

  #abort(): void {
    this.#items.clear();
    if (this.#signal !== undefined) this.#endWith(abortedError('dispatches()', this.#signal));
  }
}
