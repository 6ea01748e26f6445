/**
 * Joins the pieces of a message that arrives in parts. Each byte is copied a bounded number of times, and many small
 * pieces need no more memory than a large one: a list of pieces would cost a hundred bytes for each.
 */
const EMPTY = Buffer.alloc(0);
const MIN_BYTES = 4_096;

export class ByteAccumulator {
  #buffer: Buffer = EMPTY;
  #length = 0;

  get length(): number {
    return this.#length;
  }

  /** Adds a copy of the bytes. */
  append(bytes: Buffer): void {
    const length = this.#length + bytes.length;
    if (length > this.#buffer.length) {
      const larger = Buffer.allocUnsafeSlow(Math.max(MIN_BYTES, length, this.#buffer.length * 2));
      this.#buffer.copy(larger, 0, 0, this.#length);
      this.#buffer = larger;
    }
    bytes.copy(this.#buffer, this.#length);
    this.#length = length;
  }

  /** Returns all bytes, and starts again with none. */
  take(): Buffer {
    const bytes = this.#buffer.subarray(0, this.#length);
    this.#buffer = EMPTY;
    this.#length = 0;
    return bytes;
  }
}
