/** The observers of one thing. One that throws is removed: what it observes must go on. */
export class ObserverList<Observer> {
  readonly #onThrow: (cause: unknown) => void;
  /** An observer may be there twice. */
  #entries: readonly { readonly observer: Observer }[] = [];

  constructor(onThrow: (cause: unknown) => void) {
    this.#onThrow = onThrow;
  }

  get isEmpty(): boolean {
    return this.#entries.length === 0;
  }

  /** Returns the function that removes it. */
  add(observer: Observer): () => void {
    const entry = { observer };
    this.#entries = [...this.#entries, entry];
    return () => this.#remove(entry);
  }

  call(observe: (observer: Observer) => void): void {
    for (const entry of this.#entries) {
      // One before it may have removed it.
      if (!this.#entries.includes(entry)) continue;
      try {
        observe(entry.observer);
      } catch (cause) {
        this.#remove(entry);
        this.#onThrow(cause);
      }
    }
  }

  #remove(entry: object): void {
    this.#entries = this.#entries.filter((other) => other !== entry);
  }
}
