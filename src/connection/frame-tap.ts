/**
 * Shows observers the head of each frame, in and out, and never its data. Dispatches are counted instead. Without an
 * observer a message costs one comparison. An observer that throws is removed: what it observes must go on.
 */
import type { Clock } from '../clock.ts';
import { Opcodes } from '../protocol/opcodes.ts';
import type { Packet } from '../protocol/packets.ts';
import { isCount } from '../protocol/validation.ts';
import { DispatchCounter } from './dispatch-counter.ts';
import type { DispatchCounts } from './dispatch-counter.ts';

/** The head of a frame. */
export interface FrameHead {
  readonly direction: 'in' | 'out';
  readonly op: number;
  /** The name of a dispatch; `null` for other opcodes. */
  readonly t: string | null;
  /** The sequence of a dispatch; `null` for other opcodes. */
  readonly s: number | null;
  /** The size as it is inflated. */
  readonly bytes: number;
  /** Whether the session may be resumed; `null` for other opcodes than 9. */
  readonly resumable: boolean | null;
  /** How long ago it passed, in ms: the time on its way from a worker thread. `null` for a shard in this thread. */
  readonly delayMs: number | null;
}

/** Observes the frames of a shard. */
export interface FrameObserver {
  /** Called with the dispatches since the last call, but READY and RESUMED: before each frame, and at each flush. */
  onDispatches(counts: DispatchCounts): void;
  /** Called for every other frame. */
  onFrame(head: FrameHead): void;
}

/** What an observer of frames can do. */
export interface FrameObservation {
  /** Calls `onDispatches` now, if there were dispatches. A shard in a worker thread does it by itself. */
  flush(): void;
  /** Removes the observer. */
  stop(): void;
}

/** They change the lifecycle, so they are shown one by one. */
const LIFECYCLE_DISPATCHES: ReadonlySet<unknown> = new Set(['READY', 'RESUMED']);

interface Observed {
  readonly observer: FrameObserver;
  readonly counter: DispatchCounter;
}

export class FrameTap {
  readonly #clock: Pick<Clock, 'now'>;
  readonly #onThrow: (cause: unknown) => void;
  #observed: readonly Observed[] = [];

  constructor(clock: Pick<Clock, 'now'>, onThrow: (cause: unknown) => void) {
    this.#clock = clock;
    this.#onThrow = onThrow;
  }

  get isObserved(): boolean {
    return this.#observed.length > 0;
  }

  add(observer: FrameObserver): FrameObservation {
    const observed = { observer, counter: new DispatchCounter(() => this.#clock.now()) };
    this.#observed = [...this.#observed, observed];
    return { flush: () => this.#flush(observed), stop: () => this.#remove(observed) };
  }

  dispatch(t: string, s: number | null, bytes: number): void {
    for (const { counter } of this.#observed) counter.add(t, s, bytes);
  }

  /** Shows a packet that was decoded. */
  received({ op, t, s, d }: Packet, bytes: number): void {
    if (!isCount(op)) return;
    const name = typeof t === 'string' ? t : null;
    const sequence = isCount(s) ? s : null;
    if (op === Opcodes.Dispatch && name !== null && !LIFECYCLE_DISPATCHES.has(name))
      return this.dispatch(name, sequence, bytes);
    const resumable = op === Opcodes.InvalidSession ? d === true : null;
    this.#show({ direction: 'in', op, t: name, s: sequence, bytes, resumable, delayMs: null });
  }

  sent(op: number, text: string): void {
    this.#show({
      direction: 'out',
      op,
      t: null,
      s: null,
      bytes: Buffer.byteLength(text),
      resumable: null,
      delayMs: null,
    });
  }

  #show(head: FrameHead): void {
    for (const observed of this.#observed) {
      // The dispatches before a frame are counted before it.
      this.#flush(observed);
      this.#call(observed, () => observed.observer.onFrame(head));
    }
  }

  #flush(observed: Observed): void {
    const counts = observed.counter.take();
    if (counts !== null) this.#call(observed, () => observed.observer.onDispatches(counts));
  }

  #call(observed: Observed, observe: () => void): void {
    if (!this.#observed.includes(observed)) return;
    try {
      observe();
    } catch (cause) {
      this.#remove(observed);
      this.#onThrow(cause);
    }
  }

  #remove(observed: Observed): void {
    this.#observed = this.#observed.filter((other) => other !== observed);
  }
}
