/**
 * Keeps the memory small that a slow consumer costs a shard. First the socket is not read. That alone is no limit: ACKs
 * of heartbeats and a replay must be read, with everything in front of them. So when too much has been read, the shard
 * leaves its connection, and comes back when there is room.
 */
import type { Clock } from '../clock.ts';
import type { BufferBudget } from './buffer-budget.ts';

interface BackPressureCallbacks {
  /** Called when {@link BackPressure.isPaused} may have changed. */
  onPauseChange(): void;
  /** Called when the shard has to leave its connection. */
  onFull(): void;
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
  /** `true` makes the shard leave its connection, and stay away until `false`. */
  setFull(isFull: boolean): void;
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

  pause(): void {
    this.#isPaused = true;
    this.#callbacks.onPauseChange();
  }

  resume(): void {
    this.#isPaused = false;
    this.#callbacks.onPauseChange();
  }

  setFull(isFull: boolean): void {
    this.#isFull = isFull;
    if (isFull) this.#callbacks.onFull();
    else this.checkRoom();
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

const controls = new WeakMap<object, ReadingControl>();

/** Lets `readingControlOf` find the control of a shard, which is no part of its public face. */
export function setReadingControl(shard: object, control: ReadingControl): void {
  controls.set(shard, control);
}

export function readingControlOf(shard: object): ReadingControl {
  const control = controls.get(shard);
  if (control === undefined) throw new Error('this object is not a shard');
  return control;
}
