/** Reads JSON that a client sent. The fake gateway and the oracle share this file and no rule of the protocol. */
import type { Packet } from '../protocol/packets.ts';
import { isObject } from '../protocol/validation.ts';

/** Returns the packet in a text; `null` when the text is not a JSON object with an integer `op`. */
export function parsePacket(text: string): Packet | null {
  try {
    const value: unknown = JSON.parse(text);
    return isObject(value) && Number.isInteger(value['op']) ? (value as unknown as Packet) : null;
  } catch {
    return null;
  }
}
