/**
 * Keeps the memory small that a slow consumer costs a shard. First the socket is not read. That alone is no limit: ACKs
 * of heartbeats and a replay must be read, with everything in front of them. So when too much has been read, the shard
 * leaves its connection, and comes back when there is room.
 */
import type { AwayReason } from '../../machines/index.ts';
import type { Clock } from '../clock.ts';
import type { BufferBudget } from './buffer-budget.ts';

interface BackPressureCallbacks {
  /** Called when {@link BackPressure.isPaused} may have changed. */
  onPauseChange(): void;
  /** Called when the shard has to leave its connection. */
  onFull(because: AwayReason): void;
  /** Called when a shard that has left may come back. */
  onRoom(): void;
}

/** A consumer that takes a little at once must not make the shard open one connection after the other. */
const MIN_ABSENCE_MS = 250;

/** What somebody outside the shard may ask of it, because dispatches wait there too. */
export interface ReadingControl {
  /** Stops reading the socket where that does no harm, until `resume()`. */
  pause(): void;
  resume(): void;
  /** A reason makes the shard leave its connection, and stay away until `null`. */
  setFull(because: AwayReason | null): void;
}

export class BackPressure implements ReadingControl {
  readonly #budget: BufferBudget;
  readonly #callbacks: BackPressureCallbacks;
  #isPaused = false;
  #isFull = false;
  readonly #clock: Clock;
  #isAway = false;
  #timer: unknown;

  constructor(clock: Clock, budget: BufferBudget, callbacks: BackPressureCallbacks) {
    this.#clock = clock;
    this.#budget = budget;
    this.#callbacks = callbacks;
  }

  /** Whether somebody outside the shard has asked it to pause. */
  get isPaused(): boolean {
    return this.#isPaused;
  }

  /** The bytes that wait in streams and for handlers. */
  get bufferedBytes(): number {
    return this.#budget.bytes;
  }

  pause(): void {
    this.#isPaused = true;
    this.#callbacks.onPauseChange();
  }

  resume(): void {
    this.#isPaused = false;
    this.#callbacks.onPauseChange();
  }

  setFull(because: AwayReason | null): void {
    this.#isFull = because !== null;
    if (because === null) this.checkRoom();
    else this.#callbacks.onFull(because);
  }

  /** Called when the shard has left. It may come back when there is room, but not before its socket could be closed. */
  awaitRoom(): void {
    this.#timer = this.#clock.setTimeout(() => {
      this.#isAway = true;
      this.checkRoom();
    }, MIN_ABSENCE_MS);
  }

  /** Called when the shard no longer waits for room. */
  endWait(): void {
    this.#clock.clearTimeout(this.#timer);
    this.#isAway = false;
  }

  /** Called when there may be room. */
  checkRoom(): void {
    if (this.#isAway && !this.#isFull && !this.#budget.isExceeded) this.#callbacks.onRoom();
  }
}
