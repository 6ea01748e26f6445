/**
 * Cuts a sequence of JSON objects into single ones by counting brackets outside of strings. Needed only for gateways
 * whose frames do not match messages. The parser still decides whether the result is JSON.
 */
import { ByteAccumulator } from './byte-accumulator.ts';

const QUOTE = 0x22;
const BACKSLASH = 0x5c;
const OPENING_BRACE = 0x7b;
const CLOSING_BRACE = 0x7d;
/** `[` and `{` differ in this bit only, and so do `]` and `}`. */
const BRACE = 0x20;

export class JsonObjectSplitter {
  /** The object that is not complete yet. */
  readonly #pending = new ByteAccumulator();
  #depth = 0;
  #inString = false;
  #escaped = false;

  /** The size of the object that is not complete yet, in bytes. */
  get pendingBytes(): number {
    return this.#pending.length;
  }

  /**
   * Adds bytes and yields every object that is complete. Each byte is looked at once. Take all objects before `bytes`
   * change: an object that lies within them is not copied.
   */
  *push(bytes: Buffer): Generator<Buffer> {
    let from = 0;
    for (let end = this.#findEnd(bytes, 0); end !== -1; end = this.#findEnd(bytes, end)) {
      const part = bytes.subarray(from, end);
      from = end;
      if (this.#pending.length === 0) yield part;
      else {
        this.#pending.append(part);
        yield this.#pending.take();
      }
    }
    if (from < bytes.length) this.#pending.append(bytes.subarray(from));
  }

  /** Returns the index after the bracket that completes an object; -1 if there is none. */
  #findEnd(bytes: Buffer, from: number): number {
    for (let at = from; at < bytes.length; at += 1) {
      const byte = bytes[at] ?? 0;
      if (this.#inString) this.#scanInString(byte);
      else if (byte === QUOTE) this.#inString = true;
      else if ((byte | BRACE) === OPENING_BRACE) this.#depth += 1;
      else if ((byte | BRACE) === CLOSING_BRACE) {
        this.#depth = Math.max(0, this.#depth - 1);
        if (this.#depth === 0) return at + 1;
      }
    }
    return -1;
  }

  #scanInString(byte: number): void {
    if (this.#escaped) this.#escaped = false;
    else if (byte === BACKSLASH) this.#escaped = true;
    else if (byte === QUOTE) this.#inString = false;
  }
}
