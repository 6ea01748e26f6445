/** Rows of which only the newest are kept, by number and by size: a page that is open for a week must not grow. */
export interface RingBufferLimits {
  readonly maxRows: number;
  readonly maxBytes: number;
}

export class RingBuffer<T> {
  readonly #limits: RingBufferLimits;
  readonly #sizeOf: (row: T) => number;
  #rows: T[] = [];
  /** Of each row; measuring a large one twice would cost more than keeping it. */
  #sizes: number[] = [];
  /** Rows before this one are dropped; they are cut off in bulk, since cutting the head of an array moves its tail. */
  #head = 0;
  #bytes = 0;

  constructor(limits: RingBufferLimits, sizeOf: (row: T) => number) {
    this.#limits = limits;
    this.#sizeOf = sizeOf;
  }

  get length(): number {
    return this.#rows.length - this.#head;
  }

  get bytes(): number {
    return this.#bytes;
  }

  /** Adds a row and gives back how many of the oldest went for it. */
  push(row: T): number {
    const before = this.#head;
    this.#rows.push(row);
    const size = this.#sizeOf(row);
    this.#sizes.push(size);
    this.#bytes += size;
    while (this.length > 1 && (this.length > this.#limits.maxRows || this.#bytes > this.#limits.maxBytes))
      this.#dropOldest();
    const dropped = this.#head - before;
    if (this.#head * 2 > this.#rows.length) {
      this.#rows = this.#rows.slice(this.#head);
      this.#sizes = this.#sizes.slice(this.#head);
      this.#head = 0;
    }
    return dropped;
  }

  #dropOldest(): void {
    this.#bytes -= this.#sizes[this.#head] ?? 0;
    this.#head += 1;
  }

  /** The newest last. */
  toArray(): T[] {
    return this.#rows.slice(this.#head);
  }

  at(index: number): T | undefined {
    return this.#rows.at(index < 0 ? index : this.#head + index);
  }

  clear(): void {
    this.#rows = [];
    this.#sizes = [];
    this.#head = 0;
    this.#bytes = 0;
  }
}
