/**
 * Reads the event name and the sequence of a dispatch without decoding its data. It recognizes only the form that
 * gateways write: no white space, each field once, `d` last. `JSON.parse` decides about anything else.
 */
import { nameAt } from './dispatch-names.ts';
import { findObjectEnd } from './json-scanner/json-scanner.ts';

const OPENING_BRACE = 0x7b;
const CLOSING_BRACE = 0x7d;
const QUOTE = 0x22;
const COMMA = 0x2c;
const COLON = 0x3a;
const ZERO = 0x30;
const NINE = 0x39;
const [LETTER_D, LETTER_O, LETTER_P, LETTER_S, LETTER_T] = [0x64, 0x6f, 0x70, 0x73, 0x74];

const [HAS_T, HAS_S, HAS_OP] = [1, 2, 4];

/** A number with up to 15 digits is exact. */
const MAX_DIGITS = 15;

/** The characters of event names. None of them can begin an escape. */
const isNameLetter = (byte: number): boolean =>
  (byte >= 0x41 && byte <= 0x5a) || byte === 0x5f || (byte >= ZERO && byte <= NINE);

/** One reader is used for all messages, so that a message allocates no object. */
export class DispatchHeaderReader {
  t = '';
  s = 0;
  #dataAt = 0;
  #at = 0;

  /**
   * Returns whether `bytes` begin like a dispatch, and then sets `t` and `s`. They are valid only if nothing follows
   * `d`, which {@link isWhole} checks.
   */
  read(bytes: Buffer): boolean {
    let has = 0;
    this.#at = 1;
    if (bytes[0] !== OPENING_BRACE) return false;
    for (;;) {
      const field = this.#readField(bytes);
      if (field === 0) break;
      if ((has & field) !== 0 || bytes[this.#at] !== COMMA) return false;
      has |= field;
      this.#at += 1;
    }
    return has === (HAS_T | HAS_S | HAS_OP) && this.#isAtData(bytes);
  }

  /** Returns whether `d` is one object by its brackets and ends where the packet ends. */
  isWhole(bytes: Buffer): boolean {
    const end = bytes.length - 1;
    if (bytes[this.#dataAt] !== OPENING_BRACE || bytes[end] !== CLOSING_BRACE) return false;
    return findObjectEnd(bytes, this.#dataAt, end) === end;
  }

  /** Returns the bytes of `d`, if {@link isWhole} has accepted the packet. */
  dataOf(bytes: Buffer): Buffer {
    return bytes.subarray(this.#dataAt, bytes.length - 1);
  }

  /** Reads `t`, `s` or `op` and returns its bit; 0 for any other field. */
  #readField(bytes: Buffer): number {
    const at = this.#at;
    if (bytes[at] !== QUOTE) return 0;
    if (bytes[at + 1] === LETTER_O) {
      const isDispatch =
        bytes[at + 2] === LETTER_P && bytes[at + 3] === QUOTE && bytes[at + 4] === COLON && bytes[at + 5] === ZERO;
      this.#at = at + 6;
      return isDispatch ? HAS_OP : 0;
    }
    if (bytes[at + 2] !== QUOTE || bytes[at + 3] !== COLON) return 0;
    if (bytes[at + 1] === LETTER_T) return this.#readName(bytes, at + 4) ? HAS_T : 0;
    if (bytes[at + 1] === LETTER_S) return this.#readSequence(bytes, at + 4) ? HAS_S : 0;
    return 0;
  }

  #readName(bytes: Buffer, from: number): boolean {
    if (bytes[from] !== QUOTE) return false;
    let end = from + 1;
    let hash = 0;
    for (let byte = bytes[end] ?? 0; isNameLetter(byte); byte = bytes[end] ?? 0) {
      hash = (Math.imul(hash, 31) + byte) | 0;
      end += 1;
    }
    if (bytes[end] !== QUOTE) return false;
    this.t = nameAt(bytes, from + 1, end, hash);
    this.#at = end + 1;
    return true;
  }

  #readSequence(bytes: Buffer, from: number): boolean {
    let value = 0;
    let end = from;
    for (let byte = bytes[end] ?? 0; byte >= ZERO && byte <= NINE; byte = bytes[end] ?? 0) {
      value = value * 10 + byte - ZERO;
      end += 1;
    }
    const digits = end - from;
    if (digits === 0 || digits > MAX_DIGITS || (bytes[from] === ZERO && digits > 1)) return false;
    this.s = value;
    this.#at = end;
    return true;
  }

  #isAtData(bytes: Buffer): boolean {
    const at = this.#at;
    this.#dataAt = at + 4;
    return bytes[at] === QUOTE && bytes[at + 1] === LETTER_D && bytes[at + 2] === QUOTE && bytes[at + 3] === COLON;
  }
}
