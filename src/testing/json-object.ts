/** Reads JSON that a client sent. The fake gateway and the oracle share this file and no rule of the protocol. */
import type { Packet } from '../protocol/packets.ts';
import { isObject } from '../protocol/validation.ts';

/** A number that may be an id of Discord, which a JavaScript number can't hold. */
const LARGE_NUMBER = /[[:,]\s*\d{16,20}\s*[\],}]/;

/** @see https://tc39.es/proposal-json-parse-with-source/ */
const keepDigits = (_key: string, value: unknown, context?: { readonly source?: string }): unknown =>
  typeof value === 'number' && !Number.isSafeInteger(value) && /^\d+$/.test(context?.source ?? '')
    ? BigInt(context?.source ?? 0)
    : value;

/** Returns the packet in a text; `null` when the text is not a JSON object with an integer `op`. */
export function parsePacket(text: string): Packet | null {
  try {
    const value: unknown = LARGE_NUMBER.test(text) ? JSON.parse(text, keepDigits) : JSON.parse(text);
    return isObject(value) && Number.isInteger(value['op']) ? (value as unknown as Packet) : null;
  } catch {
    return null;
  }
}
