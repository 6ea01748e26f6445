/** Finds where values of JSON end, without decoding them. */
import { findObjectEnd } from './json-scanner/json-scanner.ts';

const QUOTE = 0x22;
const COMMA = 0x2c;
const BACKSLASH = 0x5c;
const OPENING_BRACKET = 0x5b;
const OPENING_BRACE = 0x7b;
const CLOSING_BRACE = 0x7d;

/** Returns the index of the quote that ends the string which begins at `from`; -1 if there is none. */
export function findStringEnd(bytes: Buffer, from: number): number {
  for (let at = bytes.indexOf(QUOTE, from + 1); at !== -1; at = bytes.indexOf(QUOTE, at + 1)) {
    let backslashes = 0;
    while (bytes[at - 1 - backslashes] === BACKSLASH) backslashes += 1;
    if (backslashes % 2 === 0) return at;
  }
  return -1;
}

/** Returns the index after the value that begins at `from`; -1 if it does not end. */
export function findValueEnd(bytes: Buffer, from: number): number {
  const first = bytes[from];
  if (first === OPENING_BRACE || first === OPENING_BRACKET) return findObjectEnd(bytes, from, bytes.length);
  if (first === QUOTE) return findStringEnd(bytes, from) + 1 || -1;
  let at = from;
  while (at < bytes.length && bytes[at] !== COMMA && bytes[at] !== CLOSING_BRACE) at += 1;
  return at;
}
