/**
 * Counts what waits for one consumer, and adds its bytes to the budget of all. At the high-water mark the sockets
 * should not be read, until half of it.
 */
import { LazyDispatch } from '../decoding/lazy-dispatch.ts';
import type { Dispatch } from '../protocol/packets.ts';
import type { BufferBudget } from './buffer-budget.ts';

export interface BufferLevelCallbacks {
  /** Counts what waits for all consumers. */
  readonly budget: BufferBudget;
  /** Called when the consumer's buffer becomes full, and when it is no longer full. */
  onPressureChange(): void;
}

export const DEFAULT_HIGH_WATER_MARK = 1_024;

export class BufferLevel {
  readonly #callbacks: BufferLevelCallbacks;
  readonly #highWaterMark: number;
  #count = 0;
  #bytes = 0;
  #isFull = false;

  constructor(callbacks: BufferLevelCallbacks, highWaterMark: number) {
    this.#callbacks = callbacks;
    this.#highWaterMark = highWaterMark;
  }

  get isFull(): boolean {
    return this.#isFull;
  }

  add(dispatch: Dispatch): void {
    const bytes = LazyDispatch.byteLengthOf(dispatch);
    this.#count += 1;
    this.#bytes += bytes;
    this.#callbacks.budget.add(bytes);
    if (!this.#isFull && this.#count >= this.#highWaterMark) this.#setFull(true);
  }

  remove(dispatch: Dispatch): void {
    this.#count -= 1;
    // At half the mark, or the socket would pause and resume with every dispatch.
    if (this.#isFull && this.#count <= this.#highWaterMark / 2) this.#setFull(false);
    this.#release(LazyDispatch.byteLengthOf(dispatch));
  }

  /** Nothing waits any more. */
  clear(): void {
    this.#count = 0;
    if (this.#isFull) this.#setFull(false);
    this.#release(this.#bytes);
  }

  #setFull(isFull: boolean): void {
    this.#isFull = isFull;
    this.#callbacks.onPressureChange();
  }

  #release(bytes: number): void {
    this.#bytes -= bytes;
    this.#callbacks.budget.remove(bytes);
  }
}
