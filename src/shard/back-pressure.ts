/**
 * Keeps the memory small that a slow consumer costs a shard. First the socket is not read. That alone is no limit: ACKs
 * of heartbeats and a replay must be read, with everything in front of them. So when too much has been read, the shard
 * leaves its connection, and comes back when there is room.
 */
import type { AwayReason, ShardEvent } from '../../machines/index.ts';
import type { Clock } from '../clock.ts';
import { BufferBudget } from './buffer-budget.ts';

/** The shard as this file sees it. `ShardRuntime` implements it. */
interface PressedShard {
  /** Called when something that keeps the socket from being read may have changed. */
  updateBackPressure(): void;
  send(event: ShardEvent): void;
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
  /** The bytes that wait in streams and for handlers. */
  readonly budget: BufferBudget;
  readonly #shard: PressedShard;
  #isPaused = false;
  #isFull = false;
  readonly #clock: Clock;
  #isAway = false;
  #timer: unknown;

  constructor(clock: Clock, maxBufferedBytes: number, shard: PressedShard) {
    this.#clock = clock;
    this.#shard = shard;
    this.budget = new BufferBudget(maxBufferedBytes, this);
  }

  /** Whether somebody outside the shard has asked it to pause. */
  get isPaused(): boolean {
    return this.#isPaused;
  }

  pause(): void {
    this.#isPaused = true;
    this.#shard.updateBackPressure();
  }

  resume(): void {
    this.#isPaused = false;
    this.#shard.updateBackPressure();
  }

  /** The budget is used by half, or no longer. */
  onTightChange(): void {
    this.#shard.updateBackPressure();
  }

  setFull(because: AwayReason | null): void {
    this.#isFull = because !== null;
    if (because === null) this.onRoom();
    else this.#shard.send({ type: 'consumer.bufferFull', because });
  }

  /** Called when the shard has left. It may come back when there is room, but not before its socket could be closed. */
  awaitRoom(): void {
    this.#timer = this.#clock.setTimeout(() => {
      this.#isAway = true;
      this.onRoom();
    }, MIN_ABSENCE_MS);
  }

  /** Called when the shard no longer waits for room. */
  endWait(): void {
    this.#clock.clearTimeout(this.#timer);
    this.#isAway = false;
  }

  /** There may be room. A shard that has left comes back. */
  onRoom(): void {
    if (this.#isAway && !this.#isFull && !this.budget.isExceeded) this.#shard.send({ type: 'consumer.room' });
  }
}
