/** Finds the fields directly in an object of JSON, without decoding their values. */
import { findObjectEndScalar } from '../../decoding/json-scanner/json-scanner.ts';
import { findStringEnd, findValueEnd } from '../../decoding/json-values.ts';

const QUOTE = 0x22;
const COMMA = 0x2c;
const COLON = 0x3a;
const OPENING_BRACE = 0x7b;
const CLOSING_BRACE = 0x7d;

export interface JsonField {
  readonly name: string;
  /** Where its value begins. */
  readonly from: number;
  /** Where its value ends. */
  readonly to: number;
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
