/** Rows of which only the newest are kept, by number and by size: a page that is open for a week must not grow. */
export interface RingLimits {
  readonly rows: number;
  readonly bytes: number;
}

export class Ring<T> {
  readonly #limits: RingLimits;
  readonly #sizeOf: (row: T) => number;
  #rows: T[] = [];
  /** Rows before this one are dropped; they are cut off in bulk, since cutting the head of an array moves its tail. */
  #head = 0;
  #bytes = 0;

  constructor(limits: RingLimits, sizeOf: (row: T) => number) {
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
    this.#bytes += this.#sizeOf(row);
    while (this.length > 1 && (this.length > this.#limits.rows || this.#bytes > this.#limits.bytes)) this.#dropOldest();
    const dropped = this.#head - before;
    if (this.#head * 2 > this.#rows.length) {
      this.#rows = this.#rows.slice(this.#head);
      this.#head = 0;
    }
    return dropped;
  }

  #dropOldest(): void {
    const oldest = this.#rows[this.#head];
    if (oldest !== undefined) this.#bytes -= this.#sizeOf(oldest);
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
    this.#head = 0;
    this.#bytes = 0;
  }
}
