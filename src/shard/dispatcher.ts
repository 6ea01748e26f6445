/** Hands dispatches out: to listeners by event name, to `dispatch` listeners, and to streams, in this order. */
import type { Dispatch } from '../protocol/packets.ts';
import { DispatchStream } from './dispatch-stream.ts';
import type { DispatchStreamOptions } from './dispatch-stream.ts';
import { Emitter } from './emitter.ts';
import type { GatewayError } from '../protocol/errors.ts';

type ByType = Record<string, [data: unknown, dispatch: Dispatch]>;

export class Dispatcher {
  readonly #byType: Emitter<ByType>;
  readonly #emit: (dispatch: Dispatch) => void;
  readonly #onPressure: (full: boolean) => void;
  readonly #streams = new Set<DispatchStream>();

  /**
   * @param emit - gives a dispatch to `dispatch` listeners
   * @param onPressure - told whether some stream is full
   */
  constructor(
    emit: (dispatch: Dispatch) => void,
    onPressure: (full: boolean) => void,
    onThrow: (name: string, cause: unknown) => void,
  ) {
    this.#emit = emit;
    this.#onPressure = onPressure;
    this.#byType = new Emitter(onThrow);
  }

  /** Gives back the unsubscriber. */
  on(type: string, listener: (data: never, dispatch: never) => unknown): () => void {
    const typed = listener as (data: unknown, dispatch: Dispatch) => unknown;
    this.#byType.on(type, typed);
    return () => this.#byType.off(type, typed);
  }

  stream(options?: DispatchStreamOptions): DispatchStream {
    const stream = new DispatchStream(
      {
        pressureChanged: () => this.#onPressure([...this.#streams].some(({ isFull }) => isFull)),
        closed: (closed) => this.#streams.delete(closed),
      },
      options,
    );
    if (options?.signal?.aborted !== true) this.#streams.add(stream);
    return stream;
  }

  deliver(dispatch: Dispatch, sessionId: string | null): void {
    if (this.#byType.has(dispatch.t)) this.#byType.emit(dispatch.t, dispatch.d, dispatch);
    this.#emit(dispatch);
    for (const stream of this.#streams) stream.push(dispatch, sessionId);
  }

  /** The oldest sequence of a session that a stream still holds. */
  oldestWaitingOf(sessionId: string | null): number | null {
    let oldest: number | null = null;
    for (const stream of this.#streams) {
      const sequence = stream.oldestSequenceOf(sessionId);
      if (sequence !== null && (oldest === null || sequence < oldest)) oldest = sequence;
    }
    return oldest;
  }

  /** Ends all streams, after what they hold; with an error where the shard has failed. */
  finish(error: GatewayError | null): void {
    for (const stream of this.#streams) stream.finish(error);
  }
}
