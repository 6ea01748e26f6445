/**
 * Guesses whether those who are given dispatches of all kinds will read the data of one, from what they did with the
 * last of its kind. A wrong guess costs time, never an event: what is not decoded is decoded when it is read.
 */

/** Consumers of a stream are behind; so many may be unread before it is a habit not to read them. */
const PATIENCE = 64;

/** Discord has about a hundred. */
const MAX_TYPES = 1_000;

export class ReadHabits {
  /** How many were given out since one was read. */
  readonly #unread = new Map<string, number>();

  /** One is about to be given out: will it be read? */
  expectsRead(t: string): boolean {
    const unread = this.#unread.get(t);
    if (unread === undefined) return false;
    if (unread < PATIENCE) this.#unread.set(t, unread + 1);
    else this.#unread.delete(t);
    return true;
  }

  wasRead(t: string): void {
    if (this.#unread.get(t) === 0) return;
    if (this.#unread.size >= MAX_TYPES) this.#unread.clear();
    this.#unread.set(t, 0);
  }
}
