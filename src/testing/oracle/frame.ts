/**
 * What comes over the wire, decoded.
 * @see https://discord.com/developers/docs/events/gateway-events#payload-structure
 */
import type { Packet } from '../../protocol/packets.ts';
import { isFields } from './opcodes.ts';

const MAX_BYTES_PER_CHARACTER = 3;

/** Whether a text has more than so many bytes; most are short enough not to be measured. */
export const isLongerThan = (bytes: number, text: string): boolean =>
  text.length * MAX_BYTES_PER_CHARACTER > bytes && (text.length > bytes || Buffer.byteLength(text) > bytes);

/** `null` when it is no JSON object with an integer op. */
export function packetFrom(text: string): Packet | null {
  try {
    const value: unknown = JSON.parse(text);
    return isFields(value) && Number.isInteger(value['op']) ? (value as unknown as Packet) : null;
  } catch {
    return null;
  }
}
