/**
 * Delivers the dispatches of all shards: to listeners by event name, to concurrent handlers, to `dispatch` listeners,
 * and to streams, in this order.
 */
import { LazyDispatch } from '../decoding/lazy-dispatch.ts';
import type { GatewayError } from '../protocol/errors.ts';
import { assertCallOptions } from '../protocol/call-options.ts';
import { assertDispatchName } from '../protocol/event-names.ts';
import type { Dispatch } from '../protocol/packets.ts';
import type { DispatchStreamOptions } from '../shard/pull-stream.ts';
import { BufferBudget } from '../shard/buffer-budget.ts';
import { ConcurrentHandlers } from '../shard/concurrent-handlers.ts';
import type { HandlerItem } from '../shard/concurrent-handlers.ts';
import { lowerSequence } from '../shard/dispatch-fifo.ts';
import { Emitter } from '../shard/emitter.ts';
import { isConcurrent } from '../shard/handler-options.ts';
import type { UntypedHandlerOptions } from '../shard/handler-options.ts';
import type { ListenerWatch } from '../shard/listener-watch.ts';
import type { OnListenerError } from '../shard/listener-error.ts';
import { FleetStream, isOfSession } from './fleet-stream.ts';
import type { QueuedDispatch } from './fleet-stream.ts';
import type { BufferedSession } from './reshard/session-buffer.ts';

type ByType = Record<string, [data: unknown, dispatch: Dispatch, shardId: number]>;

interface FleetDispatcherCallbacks {
  /** Delivers a dispatch to `dispatch` listeners. */
  emit(dispatch: Dispatch, shardId: number): void;
  /** Called with whether sockets should not be read. */
  onBackPressure(full: boolean): void;
  /** Called after each dispatch of a shard that exceeds the budget. */
  onBufferFull(shardId: number): void;
  /** Called when there is room again. */
  onRoom(): void;
  readonly onThrow: OnListenerError;
  readonly listenerWatch: ListenerWatch;
}

export class FleetDispatcher {
  readonly #callbacks: FleetDispatcherCallbacks;
  readonly #byType: Emitter<ByType>;
  readonly #streams = new Set<FleetStream>();
  /** What waits here for consumers; the publisher of a node counts in it too. */
  readonly budget: BufferBudget;
  /** Created with the first concurrent handler. */
  #handlers: ConcurrentHandlers<QueuedDispatch & HandlerItem> | null = null;
  readonly #onPressureChange = (): void => this.#callbacks.onBackPressure(this.isFull);

  constructor(maxBufferedBytes: number, callbacks: FleetDispatcherCallbacks) {
    this.#callbacks = callbacks;
    this.budget = new BufferBudget(maxBufferedBytes, {
      onTightChange: this.#onPressureChange,
      onRoom: () => callbacks.onRoom(),
    });
    this.#byType = new Emitter(callbacks.onThrow, null);
  }

  /** Adds a listener for one type, or a concurrent handler. Returns the function that removes it. */
  on(
    type: string,
    listener: (data: never, dispatch: never, shardId: number) => unknown,
    options?: UntypedHandlerOptions,
  ): () => void {
    assertDispatchName(type);
    if (isConcurrent(options)) {
      this.#handlers ??= this.#createHandlers();
      return this.#handlers.add(type, listener, options);
    }
    const typed = listener as (...args: ByType[string]) => unknown;
    this.#byType.on(type, typed);
    return () => this.#byType.off(type, typed);
  }

  stream(options?: DispatchStreamOptions): FleetStream {
    assertCallOptions('dispatches()', options);
    const stream = new FleetStream(
      {
        budget: this.budget,
        onPressureChange: this.#onPressureChange,
        onClosed: (closed) => this.#streams.delete(closed as FleetStream),
      },
      options,
    );
    if (options?.signal?.aborted !== true) this.#streams.add(stream);
    return stream;
  }

  get isFull(): boolean {
    return this.budget.isTight || this.#handlers?.isFull === true || [...this.#streams].some(({ isFull }) => isFull);
  }

  deliver(dispatch: Dispatch, entry: BufferedSession): void {
    if (this.#byType.has(dispatch.t)) this.#byType.emit(dispatch.t, dispatch.d, dispatch, entry.shardId);
    if (this.#handlers?.has(dispatch.t) === true)
      this.#handlers.push({ dispatch, data: dispatch.d, entry, sessionId: entry.session?.sessionId });
    this.#callbacks.emit(dispatch, entry.shardId);
    // A listener found that it can't be read, so the connection ends, and a resume repeats the dispatch for all.
    if (LazyDispatch.isCorrupt(dispatch)) return;
    for (const stream of this.#streams) stream.push(dispatch, entry);
    if (this.budget.isExceeded) this.#callbacks.onBufferFull(entry.shardId);
  }

  /** Returns the oldest sequence of a shard's session that a stream or a handler still holds. */
  lowestSequenceOf(entry: BufferedSession): number | null {
    let lowest = this.#handlers?.lowestSequence(isOfSession(entry)) ?? null;
    for (const stream of this.#streams) lowest = lowerSequence(lowest, stream.lowestSequenceOf(entry));
    return lowest;
  }

  /** Drops what streams and handlers still hold of a shard's session: another node delivers it. */
  drop(entry: BufferedSession): void {
    this.#handlers?.remove(isOfSession(entry));
    for (const stream of this.#streams) stream.removeOf(entry);
  }

  /** Starts no call of a concurrent handler until {@link resumeHandlers}. */
  holdHandlers(): void {
    this.#handlers?.hold();
  }

  resumeHandlers(): void {
    this.#handlers?.resume();
  }

  /** Whether a stream is open, whose consumer is told when the manager fails. */
  get hasStreams(): boolean {
    return this.#streams.size > 0;
  }

  /** Ends all streams once they are empty; with an error where the manager has failed. */
  finish(error: GatewayError | null): void {
    for (const stream of this.#streams) stream.finish(error);
  }

  #createHandlers(): ConcurrentHandlers<QueuedDispatch & HandlerItem> {
    return new ConcurrentHandlers({
      budget: this.budget,
      onPressureChange: this.#onPressureChange,
      onListenerError: this.#callbacks.onThrow,
      listenerWatch: this.#callbacks.listenerWatch,
      restOf: ({ entry }) => [entry.shardId],
      shardKeyOf: ({ entry }) => `shard ${entry.shardId}`,
    });
  }
}
