/**
 * Hands the dispatches of all shards out: to listeners by event name, to `dispatch` listeners, and to streams, in this
 * order.
 */
import type { GatewayError } from '../protocol/errors.ts';
import type { Dispatch } from '../protocol/packets.ts';
import type { DispatchStreamOptions } from '../shard/pull-stream.ts';
import { Emitter } from '../shard/emitter.ts';
import { FleetStream } from './fleet-stream.ts';
import type { LedgerRow } from './session-ledger.ts';

type ByType = Record<string, [data: unknown, dispatch: Dispatch, shardId: number]>;

interface Host {
  /** Gives a dispatch to `dispatch` listeners. */
  emit(dispatch: Dispatch, shardId: number): void;
  /** Told whether some stream is full. */
  onPressure(full: boolean): void;
  onThrow(name: string, cause: unknown): void;
}

export class FleetDispatcher {
  readonly #host: Host;
  readonly #byType: Emitter<ByType>;
  readonly #streams = new Set<FleetStream>();

  constructor(host: Host) {
    this.#host = host;
    this.#byType = new Emitter((name, cause) => host.onThrow(name, cause));
  }

  /** Gives back the unsubscriber. */
  on(type: string, listener: (data: never, dispatch: never, shardId: number) => unknown): () => void {
    const typed = listener as (...args: ByType[string]) => unknown;
    this.#byType.on(type, typed);
    return () => this.#byType.off(type, typed);
  }

  stream(options?: DispatchStreamOptions): FleetStream {
    const stream = new FleetStream(
      {
        pressureChanged: () => this.#host.onPressure(this.isFull),
        closed: (closed) => this.#streams.delete(closed as FleetStream),
      },
      options,
    );
    if (options?.signal?.aborted !== true) this.#streams.add(stream);
    return stream;
  }

  get isFull(): boolean {
    return [...this.#streams].some(({ isFull }) => isFull);
  }

  deliver(dispatch: Dispatch, row: LedgerRow): void {
    if (this.#byType.has(dispatch.t)) this.#byType.emit(dispatch.t, dispatch.d, dispatch, row.shardId);
    this.#host.emit(dispatch, row.shardId);
    for (const stream of this.#streams) stream.push(dispatch, row);
  }

  /** The oldest sequence of a shard's session that a stream still holds. */
  lowestSequenceOf(row: LedgerRow): number | null {
    let oldest: number | null = null;
    for (const stream of this.#streams) {
      const sequence = stream.lowestSequenceOf(row);
      if (sequence !== null && (oldest === null || sequence < oldest)) oldest = sequence;
    }
    return oldest;
  }

  /** Ends all streams, after what they hold; with an error where the manager has failed. */
  finish(error: GatewayError | null): void {
    for (const stream of this.#streams) stream.finish(error);
  }
}
