/** The last so many things, and no more bytes than so many: what is older falls out. */
export class RingBuffer<T> {
  readonly #maxRows: number;
  readonly #maxBytes: number;
  readonly #sizeOf: (item: T) => number;
  #items: T[] = [];
  /** Items before it have fallen out, but are not cut off yet. */
  #head = 0;
  #bytes = 0;

  /** @param sizeOf - about how many bytes an item holds; default none, for items of one size */
  constructor({
    maxRows,
    maxBytes = Number.POSITIVE_INFINITY,
    sizeOf = () => 0,
  }: {
    maxRows: number;
    maxBytes?: number;
    sizeOf?: (item: T) => number;
  }) {
    this.#maxRows = maxRows;
    this.#maxBytes = maxBytes;
    this.#sizeOf = sizeOf;
  }

  get length(): number {
    return this.#items.length - this.#head;
  }

  push(item: T): void {
    this.#items.push(item);
    this.#bytes += this.#sizeOf(item);
    while (this.length > this.#maxRows || (this.#bytes > this.#maxBytes && this.length > 1)) this.#dropOldest();
  }

  toArray(): T[] {
    return this.#items.slice(this.#head);
  }

  #dropOldest(): void {
    const oldest = this.#items[this.#head];
    if (oldest !== undefined) this.#bytes -= this.#sizeOf(oldest);
    this.#head += 1;
    // Cutting off one by one would move all the others each time.
    if (this.#head * 2 > this.#items.length) {
      this.#items = this.#items.slice(this.#head);
      this.#head = 0;
    }
  }
}
