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
const MAX_UNREAD = 64;

/** Observing whether data is read has a cost, so only every eighth dispatch is observed. */
const SAMPLE_EVERY = 8;

/** Bounds the memory; Discord has about a hundred types. */
const MAX_TYPES = 1_000;

export class DecodePredictor {
  /** By type: how many dispatches were delivered since one was read. */
  #unread: Map<string, number> | null = null;

  /** Returns the hint for a dispatch about to be delivered. Call it once for each. */
  decodeHintFor(t: string): DecodeHint {
    const unread = this.#unread?.get(t);
    if (this.#unread === null || unread === undefined) return 'unlikely';
    if (unread < MAX_UNREAD) this.#unread.set(t, unread + 1);
    else this.#unread.delete(t);
    return unread % SAMPLE_EVERY === 0 ? 'likely' : 'certain';
  }

  onDataRead(t: string): void {
    if (this.#unread === null || this.#unread.size >= MAX_TYPES) this.#unread = new Map();
    this.#unread.set(t, 1);
  }
}
