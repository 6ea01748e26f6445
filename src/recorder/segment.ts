/** One file of a recording while it is written: its lines wait here until they are on the disk. */

export class Segment {
  readonly path: string;
  /** The size of everything that was added but the header. */
  recordBytes = 0;
  /** The number of bytes on the disk. A write that fails is repeated at the same position. */
  #position = 0;
  #isCreated = false;
  #lines: string[];
  #waitingBytes: number;
  /** The bytes that are being written. */
  #batch: Buffer | null = null;
  #batchLines: string[] = [];

  constructor(path: string, header: string) {
    this.path = path;
    this.#lines = [header];
    this.#waitingBytes = header.length;
  }

  get isCreated(): boolean {
    return this.#isCreated;
  }

  get position(): number {
    return this.#position;
  }

  /** About the size of what is not on the disk yet. */
  get waitingBytes(): number {
    return this.#waitingBytes + (this.#batch?.length ?? 0);
  }

  add(line: string): void {
    this.#lines.push(line);
    this.#waitingBytes += line.length;
    this.recordBytes += line.length;
  }

  markCreated(): void {
    this.#isCreated = true;
  }

  /** Returns the bytes to write next at {@link position}; `null` if all are on the disk. */
  takeBatch(): Buffer | null {
    if (this.#batch === null && this.#lines.length > 0) {
      this.#batchLines = this.#lines;
      this.#batch = Buffer.from(this.#lines.join(''));
      this.#lines = [];
      this.#waitingBytes = 0;
    }
    return this.#batch;
  }

  /** The batch is on the disk. */
  confirmBatch(): void {
    this.#position += this.#batch?.length ?? 0;
    this.#batch = null;
    this.#batchLines = [];
  }

  /** Returns all bytes that are not known to be on the disk, for a write that is the last one. */
  get rest(): Buffer {
    return Buffer.concat([this.#batch ?? Buffer.alloc(0), Buffer.from(this.#lines.join(''))]);
  }

  /** Returns the lines that are not on the disk, without the header, for a segment that takes the place of this one. */
  get unwrittenLines(): readonly string[] {
    const lines = [...this.#batchLines, ...this.#lines];
    return this.#position === 0 ? lines.slice(1) : lines;
  }
}
