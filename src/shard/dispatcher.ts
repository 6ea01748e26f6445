/** Hands dispatches out: to listeners by event name, to `dispatch` listeners, and to streams, in this order. */
import type { DecodeHint } from '../connection/connection-delegate.ts';
import type { Dispatch } from '../protocol/packets.ts';
import { DispatchStream } from './dispatch-stream.ts';
import type { DispatchStreamOptions } from './pull-stream.ts';
import { Emitter } from './emitter.ts';
import type { GatewayError } from '../protocol/errors.ts';
import { DecodePredictor } from './decode-predictor.ts';

type ByType = Record<string, [data: unknown, dispatch: Dispatch]>;

/** What a dispatcher needs of its shard. */
export interface DispatcherCallbacks {
  /** Only these are handed out; `null` for all. */
  readonly events: ReadonlySet<string> | null;
  /** Whether there are `dispatch` listeners. */
  hasDispatchListeners(): boolean;
  /** Gives a dispatch to them. */
  emit(dispatch: Dispatch): void;
  /** Told when {@link Dispatcher.isFull} may have changed. */
  onBackPressureChange(): void;
  onThrow(name: string, cause: unknown): void;
}

/** Of a dispatcher from which nobody has asked for a stream yet. */
const NO_STREAMS: ReadonlySet<DispatchStream> = new Set<DispatchStream>();

export class Dispatcher {
  readonly #byType: Emitter<ByType>;
  readonly #callbacks: DispatcherCallbacks;
  readonly #decodePredictor = new DecodePredictor();
  #streams: Set<DispatchStream> | null = null;

  constructor(callbacks: DispatcherCallbacks) {
    this.#callbacks = callbacks;
    this.#byType = new Emitter((name, cause) => callbacks.onThrow(name, cause));
  }

  /** What the data of a dispatch will be asked for; to be called once for each. */
  decodeHintFor(t: string): DecodeHint {
    if (this.#callbacks.events?.has(t) === false) return 'none';
    if (this.#byType.has(t)) return 'certain';
    if (!this.#callbacks.hasDispatchListeners() && !this.#isStreamed(t)) return 'none';
    return this.#decodePredictor.decodeHintFor(t);
  }

  onDataRead(t: string): void {
    this.#decodePredictor.onDataRead(t);
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
        onPressureChange: () => this.#callbacks.onBackPressureChange(),
        onClosed: (closed) => this.#streams?.delete(closed as DispatchStream),
      },
      options,
    );
    if (options?.signal?.aborted !== true) (this.#streams ??= new Set()).add(stream);
    return stream;
  }

  deliver(dispatch: Dispatch, sessionId: string | null): void {
    if (this.#callbacks.events?.has(dispatch.t) === false) return;
    if (this.#byType.has(dispatch.t)) this.#byType.emit(dispatch.t, dispatch.d, dispatch);
    this.#callbacks.emit(dispatch);
    for (const stream of this.#streams ?? NO_STREAMS) stream.push(dispatch, sessionId);
  }

  /** Whether some consumer can't keep up. */
  get isFull(): boolean {
    for (const { isFull } of this.#streams ?? NO_STREAMS) if (isFull) return true;
    return false;
  }

  /** The lowest sequence of a session that a stream still holds. */
  lowestSequenceOf(sessionId: string | null): number | null {
    let lowest: number | null = null;
    for (const stream of this.#streams ?? NO_STREAMS) {
      const sequence = stream.lowestSequenceOf(sessionId);
      if (sequence !== null && (lowest === null || sequence < lowest)) lowest = sequence;
    }
    return lowest;
  }

  /** Ends all streams, after what they hold; with an error where the shard has failed. */
  finish(error: GatewayError | null): void {
    for (const stream of this.#streams ?? NO_STREAMS) stream.finish(error);
  }

  #isStreamed(t: string): boolean {
    for (const stream of this.#streams ?? NO_STREAMS) if (stream.wants(t)) return true;
    return false;
  }
}
