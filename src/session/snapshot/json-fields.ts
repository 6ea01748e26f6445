/** Finds the fields directly in an object of JSON, without decoding their values. */
import { findObjectEnd, findObjectEndScalar } from '../../decoding/json-scanner/json-scanner.ts';

const QUOTE = 0x22;
const COMMA = 0x2c;
const COLON = 0x3a;
const BACKSLASH = 0x5c;
const OPENING_BRACKET = 0x5b;
const OPENING_BRACE = 0x7b;
const CLOSING_BRACE = 0x7d;

export interface JsonField {
  readonly name: string;
  /** Where its value begins. */
  readonly from: number;
  /** Where its value ends. */
  readonly to: number;
}

/** Returns the index of the quote that ends the string which begins at `from`; -1 if there is none. */
function findStringEnd(bytes: Buffer, from: number): number {
  for (let at = bytes.indexOf(QUOTE, from + 1); at !== -1; at = bytes.indexOf(QUOTE, at + 1)) {
    let backslashes = 0;
    while (bytes[at - 1 - backslashes] === BACKSLASH) backslashes += 1;
    if (backslashes % 2 === 0) return at;
  }
  return -1;
}

/** Returns the index after the value that begins at `from`; -1 if it does not end. */
function findValueEnd(bytes: Buffer, from: number): number {
  const first = bytes[from];
  if (first === OPENING_BRACE || first === OPENING_BRACKET) return findObjectEnd(bytes, from, bytes.length);
  if (first === QUOTE) return findStringEnd(bytes, from) + 1 || -1;
  let at = from;
  while (at < bytes.length && bytes[at] !== COMMA && bytes[at] !== CLOSING_BRACE) at += 1;
  return at;
}

/**
 * Returns the fields of the object that `json` is. Returns `null` if it has white space between its parts, or is not
 * whole: then only `JSON.parse` can decide.
 */
export function fieldsOfJson(json: Buffer): readonly JsonField[] | null {
  const fields: JsonField[] = [];
  if (json[0] !== OPENING_BRACE) return null;
  for (let at = 1; json[at] === QUOTE;) {
    const nameEnd = findStringEnd(json, at);
    if (nameEnd === -1 || json[nameEnd + 1] !== COLON) return null;
    const from = nameEnd + 2;
    const to = findValueEnd(json, from);
    if (to <= from) return null;
    fields.push({ name: json.toString('utf8', at + 1, nameEnd), from, to });
    if (json[to] === CLOSING_BRACE) return to === json.length - 1 ? fields : null;
    if (json[to] !== COMMA) return null;
    at = to + 1;
  }
  return null;
}

/** Returns the first element of the list in `json` for which `matches` is true. */
export function findElement(json: Buffer, matches: (element: Buffer) => boolean): Buffer | null {
  for (let at = 1; json[at] === OPENING_BRACE;) {
    // Elements are small, and the other way copies the whole list for each.
    const end = findObjectEndScalar(json, at, json.length);
    if (end === -1) return null;
    const element = json.subarray(at, end);
    if (matches(element)) return element;
    at = end + 1;
  }
  return null;
}
