/**
 * Delivers the dispatches of all shards: to listeners by event name, to `dispatch` listeners, and to streams, in this
 * order.
 */
import type { GatewayError } from '../protocol/errors.ts';
import { assertCallOptions } from '../protocol/call-options.ts';
import { assertDispatchName } from '../protocol/event-names.ts';
import type { Dispatch } from '../protocol/packets.ts';
import type { DispatchStreamOptions } from '../shard/pull-stream.ts';
import { BufferBudget } from '../shard/buffer-budget.ts';
import { Emitter } from '../shard/emitter.ts';
import { FleetStream } from './fleet-stream.ts';
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
  onThrow(name: string, cause: unknown): void;
}

export class FleetDispatcher {
  readonly #callbacks: FleetDispatcherCallbacks;
  readonly #byType: Emitter<ByType>;
  readonly #streams = new Set<FleetStream>();
  readonly #budget: BufferBudget;
  readonly #onPressureChange = (): void => this.#callbacks.onBackPressure(this.isFull);

  constructor(maxBufferedBytes: number, callbacks: FleetDispatcherCallbacks) {
    this.#callbacks = callbacks;
    this.#budget = new BufferBudget(maxBufferedBytes, {
      onTightChange: this.#onPressureChange,
      onRoom: () => callbacks.onRoom(),
    });
    this.#byType = new Emitter((name, cause) => callbacks.onThrow(name, cause), null);
  }

  /** Returns a function that removes the listener. */
  on(type: string, listener: (data: never, dispatch: never, shardId: number) => unknown): () => void {
    assertDispatchName(type);
    const typed = listener as (...args: ByType[string]) => unknown;
    this.#byType.on(type, typed);
    return () => this.#byType.off(type, typed);
  }

  stream(options?: DispatchStreamOptions): FleetStream {
    assertCallOptions('dispatches()', options);
    const stream = new FleetStream(
      {
        budget: this.#budget,
        onPressureChange: this.#onPressureChange,
        onClosed: (closed) => this.#streams.delete(closed as FleetStream),
      },
      options,
    );
    if (options?.signal?.aborted !== true) this.#streams.add(stream);
    return stream;
  }

  get isFull(): boolean {
    return this.#budget.isTight || [...this.#streams].some(({ isFull }) => isFull);
  }

  deliver(dispatch: Dispatch, entry: BufferedSession): void {
    if (this.#byType.has(dispatch.t)) this.#byType.emit(dispatch.t, dispatch.d, dispatch, entry.shardId);
    this.#callbacks.emit(dispatch, entry.shardId);
    for (const stream of this.#streams) stream.push(dispatch, entry);
    if (this.#budget.isExceeded) this.#callbacks.onBufferFull(entry.shardId);
  }

  /** Returns the oldest sequence of a shard's session that a stream still holds. */
  lowestSequenceOf(entry: BufferedSession): number | null {
    let lowest: number | null = null;
    for (const stream of this.#streams) {
      const sequence = stream.lowestSequenceOf(entry);
      if (sequence !== null && (lowest === null || sequence < lowest)) lowest = sequence;
    }
    return lowest;
  }

  /** Whether a stream is open, whose consumer is told when the manager fails. */
  get hasStreams(): boolean {
    return this.#streams.size > 0;
  }

  /** Ends all streams once they are empty; with an error where the manager has failed. */
  finish(error: GatewayError | null): void {
    for (const stream of this.#streams) stream.finish(error);
  }
}
