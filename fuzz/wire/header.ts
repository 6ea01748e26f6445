/** What can be read of a dispatch whose data is broken. */
import { endOfObject } from './reference-decoder.ts';

/** The only form in which the sequence of a message can be read although its data is broken. */
const HEADER = /^\{((?:"t":"[A-Z0-9_]*",|"s":(?:0|[1-9]\d{0,14}),|"op":0,){3})"d":/;

export interface Header {
  readonly t: string;
  readonly s: number;
  /** Where the data begin. */
  readonly dataAt: number;
}

export function headerOf(bytes: Buffer): Header | null {
  // The name may be as long as the message.
  const match = HEADER.exec(bytes.toString('latin1'));
  const fields = match?.[1] ?? '';
  const t = /"t":"([A-Z0-9_]*)"/.exec(fields)?.[1];
  const s = /"s":(\d+)/.exec(fields)?.[1];
  if (match === null || t === undefined || s === undefined || !fields.includes('"op":0')) return null;
  return { t, s: Number(s), dataAt: match[0].length };
}

const [OPENING_BRACE, CLOSING_BRACE] = [0x7b, 0x7d];

/** Returns whether the data look like one object that ends with the message. */
export const isWhole = (bytes: Buffer, { dataAt }: Header): boolean =>
  bytes[dataAt] === OPENING_BRACE &&
  bytes.at(-1) === CLOSING_BRACE &&
  endOfObject(bytes, dataAt, true) === bytes.length - 1;
