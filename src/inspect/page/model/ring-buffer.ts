/**
 * Keeps only the newest rows, limited by number and by size, so that an inspector or a page that runs for a week does
 * not grow.
 */
export interface RingBufferOptions<T> {
  readonly maxRows: number;
  /** @defaultValue unlimited */
  readonly maxBytes?: number;
  /** Returns about how many bytes a row holds. @defaultValue 0 for each row */
  readonly sizeOf?: (row: T) => number;
}

export class RingBuffer<T> {
  readonly #maxRows: number;
  readonly #maxBytes: number;
  readonly #sizeOf: (row: T) => number;
  #rows: T[] = [];
  /** The size of each row: measuring a large row twice would cost more than keeping its size. */
  #sizes: number[] = [];
  /** Rows before this index are dropped. They are removed in bulk, since removing one moves all others. */
  #head = 0;
  #bytes = 0;

  constructor({ maxRows, maxBytes = Infinity, sizeOf = () => 0 }: RingBufferOptions<T>) {
    this.#maxRows = maxRows;
    this.#maxBytes = maxBytes;
    this.#sizeOf = sizeOf;
  }

  get length(): number {
    return this.#rows.length - this.#head;
  }

  get bytes(): number {
    return this.#bytes;
  }

  /** Adds a row. Returns how many of the oldest rows it dropped to make room. */
  push(row: T): number {
    const before = this.#head;
    this.#rows.push(row);
    const size = this.#sizeOf(row);
    this.#sizes.push(size);
    this.#bytes += size;
    while (this.length > 1 && (this.length > this.#maxRows || this.#bytes > this.#maxBytes)) this.#dropOldest();
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

  /** Returns the rows, oldest first. */
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
