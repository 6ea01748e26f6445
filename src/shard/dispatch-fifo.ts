/** Dispatches that wait for a consumer, first in, first out. Taking the first costs the same however many wait. */
import type { Dispatch } from '../protocol/packets.ts';

export interface BufferedItem {
  readonly dispatch: Dispatch;
}

export class DispatchFifo<Item extends BufferedItem> {
  #items: Item[] = [];
  #head = 0;

  get size(): number {
    return this.#items.length - this.#head;
  }

  push(item: Item): void {
    this.#items.push(item);
  }

  shift(): Item | undefined {
    const item = this.#items[this.#head];
    if (item === undefined) return undefined;
    this.#head += 1;
    // Removing one item at a time from the front would make a long buffer quadratic.
    if (this.#head * 2 >= this.#items.length) {
      this.#items = this.#items.slice(this.#head);
      this.#head = 0;
    }
    return item;
  }

  clear(): void {
    this.#items = [];
    this.#head = 0;
  }

  /** Removes what matches, and returns it. */
  remove(matches: (item: Item) => boolean): Item[] {
    const items = this.#items.slice(this.#head);
    const removed = items.filter(matches);
    if (removed.length > 0) {
      this.#items = items.filter((item) => !matches(item));
      this.#head = 0;
    }
    return removed;
  }

  /** Returns the lowest sequence that waits. It may not be the first: a roll-back makes sequences repeat. */
  lowestSequence(matches: (item: Item) => boolean): number | null {
    let lowest: number | null = null;
    for (let index = this.#head; index < this.#items.length; index += 1) {
      const item = this.#items[index];
      // A process that resumes the session is delivered it again.
      if (item === undefined || item.dispatch.isRestored === true || !matches(item)) continue;
      // Some gateways send a RESUMED without a sequence, whatever the types say.
      const sequence: unknown = item.dispatch.s;
      if (typeof sequence === 'number' && (lowest === null || sequence < lowest)) lowest = sequence;
    }
    return lowest;
  }
}

/** Returns the lower of two sequences, each of which may be missing. */
export const lowerSequence = (a: number | null, b: number | null): number | null =>
  a === null || b === null ? (a ?? b) : Math.min(a, b);
