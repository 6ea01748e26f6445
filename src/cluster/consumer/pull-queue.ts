/** What `deliveries()` returns: the entries of all streams, for a user who pulls them and acknowledges each. */
import type { Clock } from '../../clock.ts';
import { GatewayError, abortedError } from '../../protocol/errors.ts';
import { onAbort } from '../../protocol/on-abort.ts';
import { CallWatch } from '../../shard/call-watch.ts';
import type { Delivery } from './delivery.ts';
import type { EntryOwner, EntrySink, StreamEntry } from './stream-entry.ts';

interface PullQueueOptions {
  readonly clock: Clock;
  /** How many entries may wait or be pulled and not acknowledged. */
  readonly capacity: number;
  /** How long a pulled entry may stay unacknowledged, in ms. */
  readonly limitMs: number;
  /** Called when more may be read. */
  readonly onRoom: () => void;
}

type Result = IteratorResult<Delivery, undefined>;

export class PullQueue implements EntrySink {
  readonly #options: PullQueueOptions;
  readonly #iterators = new Set<DeliveryIterator>();
  readonly #pulled = new Set<StreamEntry>();
  readonly #retries = new Map<StreamEntry, unknown>();
  readonly #watch: CallWatch;
  #waiting: StreamEntry[] = [];

  constructor(options: PullQueueOptions) {
    this.#options = options;
    const { clock, limitMs } = options;
    this.#watch = new CallWatch({ clock, limitMs, onSlow: (ms, entry) => this.#onSlow(entry as StreamEntry, ms) });
  }

  /** Whether somebody pulls. */
  get isOpen(): boolean {
    return this.#iterators.size > 0;
  }

  get room(): number {
    return Math.max(0, this.#options.capacity - this.#waiting.length - this.#pulled.size - this.#retries.size);
  }

  open(signal: AbortSignal | undefined): DeliveryIterator {
    const iterator = new DeliveryIterator(signal, {
      take: () => this.#take(),
      onClosed: (closed) => this.#iterators.delete(closed),
    });
    if (signal?.aborted !== true) this.#iterators.add(iterator);
    this.#options.onRoom();
    return iterator;
  }

  /** Ends all iterations. */
  finish(): void {
    for (const iterator of this.#iterators) iterator.finish(null);
  }

  push(entry: StreamEntry): void {
    this.#waiting.push(entry);
  }

  /** Hands out what may begin to those who wait for it. */
  pump(): void {
    for (const iterator of this.#iterators) iterator.pump();
    if (this.room > 0) this.#options.onRoom();
  }

  /** Drops what waits of one stream. What is pulled may still be acknowledged. */
  drop(owner: EntryOwner): void {
    this.#waiting = this.#waiting.filter((entry) => entry.owner !== owner);
    for (const [entry, timer] of this.#retries) {
      if (entry.owner !== owner) continue;
      this.#options.clock.clearTimeout(timer);
      this.#retries.delete(entry);
    }
  }

  /** How many deliveries of one stream are pulled and not acknowledged. */
  runningOf(owner: EntryOwner): number {
    let count = 0;
    for (const entry of this.#pulled) if (entry.owner === owner) count += 1;
    return count;
  }

  retry(entry: StreamEntry, delayMs: number): void {
    this.#forget(entry);
    const again = async (): Promise<void> => {
      this.#retries.delete(entry);
      if (!(await entry.owner.count(entry))) return this.retry(entry, delayMs);
      this.#waiting.unshift(entry);
      this.pump();
      return undefined;
    };
    this.#retries.set(
      entry,
      this.#options.clock.setTimeout(() => void again(), delayMs),
    );
  }

  end(entry: StreamEntry): void {
    this.#forget(entry);
    if (this.room > 0) this.#options.onRoom();
  }

  #take(): StreamEntry | null {
    const index = this.#waiting.findIndex(({ owner }) => owner.mayBegin);
    const entry = this.#waiting[index];
    if (entry === undefined) return null;
    if (index === 0) this.#waiting.shift();
    else this.#waiting.splice(index, 1);
    entry.sink = this;
    this.#pulled.add(entry);
    this.#watch.start(entry);
    return entry;
  }

  #forget(entry: StreamEntry): void {
    this.#pulled.delete(entry);
    this.#watch.end(entry);
    entry.sink = null;
    entry.owner.onCallEnd();
  }

  #onSlow(entry: StreamEntry, ms: number): void {
    const message = `a delivery of ${entry.dispatch.t} was not acknowledged for ${Math.round(ms)} ms`;
    const delayMs = entry.owner.fail(entry, new GatewayError('SLOW_LISTENER', message));
    if (delayMs === null) this.end(entry);
    else this.retry(entry, delayMs);
  }
}

interface IteratorOptions {
  readonly take: () => StreamEntry | null;
  readonly onClosed: (iterator: DeliveryIterator) => void;
}

/** Deliveries as an async iterable. Several share what comes. */
export class DeliveryIterator implements AsyncIterableIterator<Delivery, undefined> {
  readonly #options: IteratorOptions;
  #stopListening = (): void => undefined;
  #pending: ((result: Result | Promise<Result>) => void)[] = [];
  /** How it ends; `undefined` before its end. */
  #endedWith: GatewayError | null | undefined;

  constructor(signal: AbortSignal | undefined, options: IteratorOptions) {
    this.#options = options;
    this.#stopListening = onAbort(signal, () => {
      if (signal !== undefined) this.finish(abortedError('deliveries()', signal));
    });
  }

  next(): Promise<Result> {
    if (this.#endedWith !== undefined) return this.#endResult();
    const entry = this.#pending.length === 0 ? this.#options.take() : null;
    if (entry !== null) return Promise.resolve({ done: false, value: entry });
    return new Promise((resolve) => this.#pending.push(resolve));
  }

  return(): Promise<Result> {
    this.finish(null);
    return Promise.resolve({ done: true, value: undefined });
  }

  [Symbol.asyncIterator](): this {
    return this;
  }

  async [Symbol.asyncDispose](): Promise<void> {
    await this.return();
  }

  pump(): void {
    while (this.#pending.length > 0) {
      const entry = this.#options.take();
      if (entry === null) return;
      this.#pending.shift()?.({ done: false, value: entry });
    }
  }

  finish(error: GatewayError | null): void {
    if (this.#endedWith !== undefined) return;
    this.#endedWith = error;
    this.#stopListening();
    this.#options.onClosed(this);
    const pending = this.#pending;
    this.#pending = [];
    for (const resolve of pending) resolve(this.#endResult());
  }

  /** Only the first call gets the error; later calls get `done`. */
  #endResult(): Promise<Result> {
    const error = this.#endedWith ?? null;
    this.#endedWith = null;
    return error === null ? Promise.resolve({ done: true, value: undefined }) : Promise.reject(error);
  }
}
