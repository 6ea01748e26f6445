/**
 * Predicts whether listeners of all dispatches will read the data of one, from what they did with earlier dispatches of
 * its type. A wrong prediction costs time, never an event: data that is not decoded yet is decoded when it is read.
 */

/**
 * Whether a listener will read the data of a dispatch. `none`: there is no listener. `unlikely`: lately the data of its
 * type were not read. `likely`: they were, but this one is observed to see whether they still are.
 */
export type DecodeHint = 'none' | 'unlikely' | 'likely' | 'certain';

/** A slow stream leaves dispatches unread for a while. Only after this many are they predicted to stay unread. */
const MAX_UNREAD = 256;

/** Observing whether data is read costs as much as delivering a few dispatches, so only some are observed. */
const OBSERVE_EVERY = 32;

/** Bounds the memory; Discord has about a hundred types. */
const MAX_TYPES = 1_000;

export class DecodePredictor {
  /** By type: how many dispatches were delivered since one was read. */
  #types: Map<string, { unread: number }> | null = null;

  /**
   * Returns the hint for a dispatch about to be delivered. Call it once for each, or for one of `count` of them.
   */
  decodeHintFor(t: string, count = 1): DecodeHint {
    const type = this.#types?.get(t);
    if (type === undefined || type.unread >= MAX_UNREAD) return 'unlikely';
    const observed = Math.trunc(type.unread / OBSERVE_EVERY);
    type.unread += count;
    return Math.trunc(type.unread / OBSERVE_EVERY) > observed ? 'likely' : 'certain';
  }

  onDataRead(t: string): void {
    const type = this.#types?.get(t);
    if (type !== undefined) type.unread = 0;
    else this.#add(t);
  }

  #add(t: string): void {
    if (this.#types === null || this.#types.size >= MAX_TYPES) this.#types = new Map();
    this.#types.set(t, { unread: 0 });
  }
}
