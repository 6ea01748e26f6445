/**
 * The dispatches of all shards as one async iterable, in the order they came. A consumer that falls behind stops the
 * sockets of all shards from being read.
 */
import { GatewayError, abortedError } from '../protocol/errors.ts';
import type { Dispatch } from '../protocol/packets.ts';
import type { DispatchStreamOptions } from '../shard/dispatch-stream.ts';
import type { LedgerRow } from './session-ledger.ts';

/** A dispatch, and the shard it came from. */
export type ShardDispatch<T extends string = string> = Dispatch<T> & { readonly shardId: number };

/** `d` is only decoded when somebody reads it, which this must not be the first to do. */
function withShard(dispatch: Dispatch, shardId: number): ShardDispatch {
  const { op, t, s } = dispatch;
  const signed = {
    op,
    t,
    s,
    shardId,
    get d() {
      return dispatch.d;
    },
  };
  return Object.defineProperty(signed, 'raw', { get: () => dispatch.raw }) as ShardDispatch;
}

interface Owner {
  /** Called when the stream becomes full, and when it is no longer. */
  pressureChanged(): void;
  closed(stream: FleetStream): void;
}

interface Item {
  readonly dispatch: Dispatch;
  readonly row: LedgerRow;
  /** The session it is of. */
  readonly sessionId: string | undefined;
}

type Result = IteratorResult<ShardDispatch, undefined>;

export class FleetStream implements AsyncIterableIterator<ShardDispatch, undefined> {
  readonly #owner: Owner;
  readonly #events: ReadonlySet<string> | null;
  readonly #highWaterMark: number;
  readonly #signal: AbortSignal | undefined;
  #items: Item[] = [];
  #head = 0;
  #pending: ((result: Result | Promise<Result>) => void)[] = [];
  /** How it ends once nothing waits; `undefined` while it goes on. */
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

  /** The sequence of the oldest dispatch of this shard's session that nobody has taken yet. */
  oldestOf(row: LedgerRow): number | null {
    const sessionId = row.session?.sessionId;
    for (let index = this.#head; index < this.#items.length; index += 1) {
      const item = this.#items[index];
      if (item?.row !== row || item.sessionId !== sessionId) continue;
      // Whatever the types say, some gateways send a RESUMED without one.
      const sequence: unknown = item.dispatch.s;
      if (typeof sequence === 'number') return sequence;
    }
    return null;
  }

  push(dispatch: Dispatch, row: LedgerRow): void {
    if (this.#end !== undefined || this.#events?.has(dispatch.t) === false) return;
    const pending = this.#pending.shift();
    if (pending !== undefined) return pending({ done: false, value: withShard(dispatch, row.shardId) });
    this.#items.push({ dispatch, row, sessionId: row.session?.sessionId });
    if (!this.#full && this.#items.length - this.#head >= this.#highWaterMark) this.#setFull(true);
  }

  /** No more will come: what waits can still be taken, then the iteration ends, or throws `error`. */
  finish(error: GatewayError | null): void {
    if (this.#end === undefined) this.#endWith(error);
  }

  next(): Promise<Result> {
    const item = this.#items[this.#head];
    if (item !== undefined) {
      this.#take();
      return Promise.resolve({ done: false, value: withShard(item.dispatch, item.row.shardId) });
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
    this.#setFull(false);
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
    if (this.#head * 2 >= this.#items.length) {
      this.#items = this.#items.slice(this.#head);
      this.#head = 0;
    }
    // Well below the mark, or the sockets would stop and go with every dispatch.
    if (this.#full) this.#setFull(this.#items.length - this.#head > this.#highWaterMark / 2);
    this.#closeIfDrained();
  }

  /** Until what it holds is taken, a finished stream still counts as a consumer. */
  #closeIfDrained(): void {
    if (this.#end === undefined || this.#head < this.#items.length) return;
    this.#signal?.removeEventListener('abort', this.#abort);
    this.#owner.closed(this);
  }

  #setFull(full: boolean): void {
    if (full === this.#full) return;
    this.#full = full;
    this.#owner.pressureChanged();
  }

  #drop(): void {
    this.#items = [];
    this.#head = 0;
  }

  readonly #abort = (): void => {
    this.#drop();
    if (this.#signal !== undefined) this.#endWith(abortedError('dispatches()', this.#signal));
  };
}
