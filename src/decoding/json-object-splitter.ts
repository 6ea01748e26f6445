/**
 * Cuts a sequence of JSON objects into single ones by counting brackets outside of strings. Needed only for gateways
 * whose frames do not match messages. The parser still decides whether the result is JSON.
 */
const QUOTE = 0x22;
const BACKSLASH = 0x5c;
const OPENING = new Set([0x7b, 0x5b]);
const CLOSING = new Set([0x7d, 0x5d]);

export class JsonObjectSplitter {
  #pending: Buffer = Buffer.alloc(0);
  #scanned = 0;
  #depth = 0;
  #inString = false;
  #escaped = false;

  /** The size of the object that is not complete yet, in bytes. */
  get pendingBytes(): number {
    return this.#pending.length;
  }

  /** Adds a copy of the bytes and yields every object that is complete. */
  *push(bytes: Buffer): Generator<Buffer> {
    this.#pending = Buffer.concat([this.#pending, bytes]);
    while (this.#scanned < this.#pending.length) {
      const complete = this.#scan(this.#pending[this.#scanned] ?? 0);
      this.#scanned += 1;
      if (!complete) continue;
      const object = this.#pending.subarray(0, this.#scanned);
      this.#pending = this.#pending.subarray(this.#scanned);
      this.#scanned = 0;
      yield object;
    }
  }

  /** Returns whether this byte completes an object. */
  #scan(byte: number): boolean {
    if (this.#inString) {
      if (this.#escaped) this.#escaped = false;
      else if (byte === BACKSLASH) this.#escaped = true;
      else if (byte === QUOTE) this.#inString = false;
    } else if (byte === QUOTE) this.#inString = true;
    else if (OPENING.has(byte)) this.#depth += 1;
    else if (CLOSING.has(byte)) {
      this.#depth -= 1;
      return this.#depth <= 0;
    }
    return false;
  }
}
