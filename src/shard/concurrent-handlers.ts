/**
 * The concurrent handlers of a shard or of a manager, by type. While the shard is disconnected with its session kept,
 * none of them starts a call: a dispatch that waits is handled after the next `connect()`, in this process or, because
 * the stored session does not cover it, in the next.
 */
import { channelIdOf, guildIdOf } from '../protocol/dispatch-guild.ts';
import { assertListener } from '../protocol/event-names.ts';
import type { Dispatch } from '../protocol/packets.ts';
import type { BufferLevelCallbacks } from './buffer-level.ts';
import { CallWatch } from './call-watch.ts';
import { ConcurrentHandler } from './concurrent-handler.ts';
import { lowerSequence } from './dispatch-fifo.ts';
import type { BufferedItem } from './dispatch-fifo.ts';
import { isThenable } from './emitter.ts';
import type { ConcurrentOptions } from './handler-options.ts';
import type { ListenerWatch } from './listener-watch.ts';
import type { OnListenerError } from './listener-error.ts';

type Listener = (data: unknown, dispatch: Dispatch, ...rest: readonly unknown[]) => unknown;
type KeyFunction = (data: unknown, dispatch: Dispatch) => unknown;

/** A dispatch for a handler. Its data has been read: corrupt data must be noticed before a handler gets it. */
export interface HandlerItem extends BufferedItem {
  readonly data: unknown;
}

interface ConcurrentHandlersOptions<Item extends HandlerItem> extends BufferLevelCallbacks {
  /** Returns what a handler gets after the data and the dispatch. */
  restOf(item: Item): readonly unknown[];
  /** Returns the key of a dispatch without a guild and a channel. */
  shardKeyOf(item: Item): string;
  readonly onListenerError: OnListenerError;
  readonly listenerWatch: ListenerWatch;
}

export class ConcurrentHandlers<Item extends HandlerItem> {
  readonly #options: ConcurrentHandlersOptions<Item>;
  /** The lists are replaced, never changed, so that `push()` can iterate while handlers come and go. */
  readonly #byType = new Map<string, readonly ConcurrentHandler<Item>[]>();
  #isHeld = false;

  constructor(options: ConcurrentHandlersOptions<Item>) {
    this.#options = options;
  }

  has(type: string): boolean {
    return this.#byType.has(type);
  }

  get isFull(): boolean {
    for (const handlers of this.#byType.values()) if (handlers.some(({ isFull }) => isFull)) return true;
    return false;
  }

  /** Adds a handler. Returns the function that removes it and drops what waits for it. */
  add(type: string, listener: unknown, { concurrency, key }: ConcurrentOptions): () => void {
    assertListener(type, listener);
    const options = this.#options;
    const handler = new ConcurrentHandler<Item>({
      budget: options.budget,
      onPressureChange: () => options.onPressureChange(),
      concurrency,
      call: (item) => (listener as Listener)(item.data, item.dispatch, ...options.restOf(item)),
      keyOf: (item) => (key === undefined ? this.#defaultKeyOf(item) : this.#keyOf(type, item, key as KeyFunction)),
      onThrow: (cause) => options.onListenerError(type, cause),
      isHeld: () => this.#isHeld,
      calls: this.#createCallWatch(type),
    });
    this.#byType.set(type, [...(this.#byType.get(type) ?? []), handler]);
    return () => {
      const others = (this.#byType.get(type) ?? []).filter((other) => other !== handler);
      if (others.length > 0) this.#byType.set(type, others);
      else this.#byType.delete(type);
      handler.close();
    };
  }

  push(item: Item): void {
    for (const handler of this.#byType.get(item.dispatch.t) ?? []) handler.push(item);
  }

  /** Starts no call until {@link resume}. Calls that run go on. */
  hold(): void {
    this.#isHeld = true;
  }

  resume(): void {
    if (!this.#isHeld) return;
    this.#isHeld = false;
    for (const handlers of this.#byType.values()) for (const handler of handlers) handler.pump();
  }

  /** Drops what waits and matches: another process handles it. */
  remove(matches: (item: Item) => boolean): void {
    for (const handlers of this.#byType.values()) for (const handler of handlers) handler.remove(matches);
  }

  /** Returns the lowest sequence that waits. */
  lowestSequence(matches: (item: Item) => boolean): number | null {
    let lowest: number | null = null;
    for (const handlers of this.#byType.values())
      for (const handler of handlers) lowest = lowerSequence(lowest, handler.lowestSequence(matches));
    return lowest;
  }

  #createCallWatch(type: string): CallWatch {
    const { listenerWatch } = this.#options;
    const { clock, handlerLimitMs: limitMs } = listenerWatch;
    return new CallWatch({ clock, limitMs, onSlow: (ms) => listenerWatch.reportHandler(type, ms) });
  }

  #defaultKeyOf(item: Item): string {
    return guildIdOf(item.dispatch) ?? channelIdOf(item.dispatch) ?? this.#options.shardKeyOf(item);
  }

  #keyOf(type: string, item: Item, keyFunction: KeyFunction): string | null {
    try {
      const key = keyFunction(item.data, item.dispatch);
      if (key === null || typeof key === 'string') return key;
      // The rejection of a promise that is not used would end the process.
      if (isThenable(key)) key.then(undefined, () => undefined);
      if (key !== undefined)
        throw new TypeError(`a key must be a string, null or undefined; this one is of type ${typeof key}`);
    } catch (cause) {
      this.#options.onListenerError(type, cause, 'the key function of a handler');
    }
    return this.#defaultKeyOf(item);
  }
}
