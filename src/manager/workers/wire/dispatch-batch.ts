/**
 * Dispatches side by side in one buffer: whose it is, its sequence, and its packet as it came. The buffer is kept; what
 * crosses to the other thread is one copy of as much as is filled, which is handed over and not copied again.
 */
/** Key, sequence, length. */
const HEADER_BYTES = 4 + 8 + 4;
const INITIAL_BYTES = 64 * 1024;
/** A buffer that a single large packet has made larger is not kept. */
const MAX_RETAINED_BYTES = 1024 * 1024;

/** How a dispatch without a sequence is written; some gateways send a RESUMED so. */
const NO_SEQUENCE = -1;

export class DispatchBatchWriter {
  #buffer = Buffer.allocUnsafeSlow(INITIAL_BYTES);
  #end = 0;
  #count = 0;

  get count(): number {
    return this.#count;
  }

  get byteLength(): number {
    return this.#end;
  }

  add(key: number, sequence: unknown, packet: Uint8Array): void {
    const start = this.#end;
    const end = start + HEADER_BYTES + packet.length;
    if (end > this.#buffer.length) this.#grow(end);
    this.#buffer.writeUInt32LE(key, start);
    this.#buffer.writeDoubleLE(typeof sequence === 'number' ? sequence : NO_SEQUENCE, start + 4);
    this.#buffer.writeUInt32LE(packet.length, start + 12);
    this.#buffer.set(packet, start + HEADER_BYTES);
    this.#end = end;
    this.#count += 1;
  }

  /** All of them, to be transferred. */
  takeBuffer(): ArrayBuffer {
    const bytes = this.#buffer.buffer.slice(0, this.#end);
    if (this.#buffer.length > MAX_RETAINED_BYTES) this.#buffer = Buffer.allocUnsafeSlow(INITIAL_BYTES);
    this.#end = 0;
    this.#count = 0;
    return bytes;
  }

  #grow(needed: number): void {
    const larger = Buffer.allocUnsafeSlow(Math.max(needed, this.#buffer.length * 2));
    this.#buffer.copy(larger, 0, 0, this.#end);
    this.#buffer = larger;
  }
}

/** Reads them one by one, without an object for each. */
export class DispatchBatchReader {
  readonly #bytes: Buffer;
  #offset = 0;
  key = 0;
  /** `null` where there was none. */
  sequence: number | null = null;

  constructor(bytes: ArrayBuffer) {
    this.#bytes = Buffer.from(bytes);
  }

  /** The next packet, with {@link key} and {@link sequence} its own; `null` after the last. */
  next(): Buffer | null {
    const start = this.#offset;
    if (start >= this.#bytes.length) return null;
    this.key = this.#bytes.readUInt32LE(start);
    const sequence = this.#bytes.readDoubleLE(start + 4);
    this.sequence = sequence === NO_SEQUENCE ? null : sequence;
    this.#offset = start + HEADER_BYTES + this.#bytes.readUInt32LE(start + 12);
    return this.#bytes.subarray(start + HEADER_BYTES, this.#offset);
  }
}
