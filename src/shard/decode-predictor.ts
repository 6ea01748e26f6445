/**
 * Guesses whether those who are given dispatches of all kinds will read the data of one, from what they did with the
 * last of its kind. A wrong guess costs time, never an event: what is not decoded is decoded when it is read.
 */
import type { DecodeHint } from '../connection/connection-delegate.ts';

/** Consumers of a stream are behind; so many may be unread before it is a habit not to read them. */
const MAX_UNREAD = 64;

/** To look whether one is read costs something: one of so many is enough. */
const SAMPLE_EVERY = 8;

/** Discord has about a hundred. */
const MAX_TYPES = 1_000;

export class DecodePredictor {
  /** How many were given out since one was read. */
  #unread: Map<string, number> | null = null;

  /** One is about to be given out: will it be read? */
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
