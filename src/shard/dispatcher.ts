/** Hands dispatches out: to listeners by event name, to `dispatch` listeners, and to streams, in this order. */
import type { Demand } from '../actors/connection-host.ts';
import type { Dispatch } from '../protocol/packets.ts';
import { DispatchStream } from './dispatch-stream.ts';
import type { DispatchStreamOptions } from './pull-stream.ts';
import { Emitter } from './emitter.ts';
import type { GatewayError } from '../protocol/errors.ts';
import { ReadHabits } from './read-habits.ts';

type ByType = Record<string, [data: unknown, dispatch: Dispatch]>;

/** What a dispatcher needs of its shard. */
export interface DispatcherHost {
  /** Only these are handed out; `null` for all. */
  readonly events: ReadonlySet<string> | null;
  /** Whether there are `dispatch` listeners. */
  isHeard(): boolean;
  /** Gives a dispatch to them. */
  emit(dispatch: Dispatch): void;
  /** Told when {@link Dispatcher.isFull} may have changed. */
  onPressure(): void;
  onThrow(name: string, cause: unknown): void;
}

/** Of a dispatcher from which nobody has asked for a stream yet. */
const NONE: ReadonlySet<DispatchStream> = new Set<DispatchStream>();

export class Dispatcher {
  readonly #byType: Emitter<ByType>;
  readonly #host: DispatcherHost;
  readonly #habits = new ReadHabits();
  #streams: Set<DispatchStream> | null = null;

  constructor(host: DispatcherHost) {
    this.#host = host;
    this.#byType = new Emitter((name, cause) => host.onThrow(name, cause));
  }

  /** What the data of a dispatch will be asked for; to be called once for each. */
  demandFor(t: string): Demand {
    if (this.#host.events?.has(t) === false) return 'none';
    if (this.#byType.has(t)) return 'certain';
    if (!this.#host.isHeard() && !this.#isStreamed(t)) return 'none';
    return this.#habits.demandFor(t);
  }

  wasRead(t: string): void {
    this.#habits.wasRead(t);
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
        pressureChanged: () => this.#host.onPressure(),
        closed: (closed) => this.#streams?.delete(closed as DispatchStream),
      },
      options,
    );
    if (options?.signal?.aborted !== true) (this.#streams ??= new Set()).add(stream);
    return stream;
  }

  deliver(dispatch: Dispatch, sessionId: string | null): void {
    if (this.#host.events?.has(dispatch.t) === false) return;
    if (this.#byType.has(dispatch.t)) this.#byType.emit(dispatch.t, dispatch.d, dispatch);
    this.#host.emit(dispatch);
    for (const stream of this.#streams ?? NONE) stream.push(dispatch, sessionId);
  }

  /** Whether some consumer can't keep up. */
  get isFull(): boolean {
    for (const { isFull } of this.#streams ?? NONE) if (isFull) return true;
    return false;
  }

  /** The lowest sequence of a session that a stream still holds. */
  lowestWaitingOf(sessionId: string | null): number | null {
    let lowest: number | null = null;
    for (const stream of this.#streams ?? NONE) {
      const sequence = stream.lowestSequenceOf(sessionId);
      if (sequence !== null && (lowest === null || sequence < lowest)) lowest = sequence;
    }
    return lowest;
  }

  /** Ends all streams, after what they hold; with an error where the shard has failed. */
  finish(error: GatewayError | null): void {
    for (const stream of this.#streams ?? NONE) stream.finish(error);
  }

  #isStreamed(t: string): boolean {
    for (const stream of this.#streams ?? NONE) if (stream.wants(t)) return true;
    return false;
  }
}
