/**
 * Finds the guild of a dispatch in its bytes. A node that publishes does not decode what passes, and only the guild is
 * needed, for the order of handlers. A form that no gateway writes is decoded.
 */
import { GUILD_LIFECYCLE_EVENTS, guildIdOf } from '../protocol/dispatch-guild.ts';
import type { Dispatch } from '../protocol/packets.ts';
import { DispatchHeaderReader } from './dispatch-header.ts';
import { findStringEnd, findValueEnd } from './json-values.ts';

const QUOTE = 0x22;
const COMMA = 0x2c;
const COLON = 0x3a;
const CLOSING_BRACE = 0x7d;

/** The bytes of a packet are read at once, and no reference to them stays. */
const header = new DispatchHeaderReader();

const viewOf = (bytes: Uint8Array): Buffer => Buffer.from(bytes.buffer, bytes.byteOffset, bytes.byteLength);

/** Returns `null` for a dispatch without a guild, and for one that is not JSON. */
export function guildIdInPacket(t: string, bytes: Uint8Array): string | null {
  const packet = viewOf(bytes);
  const name = GUILD_LIFECYCLE_EVENTS.has(t) ? '"id":"' : '"guild_id":"';
  // An escaped quote in a text differs. But the name may be of an inner object, such as a message that is quoted.
  if (header.read(packet) && header.isWhole(packet)) {
    const data = header.dataOf(packet);
    if (!data.includes(name)) return null;
    const found = findText(data, name);
    if (found !== undefined) return found;
  }
  return guildIdOfDecoded(t, packet);
}

/**
 * Returns the text of the field of `json` that begins with `name`; `null` if no field does, `undefined` if only
 * `JSON.parse` can decide.
 */
function findText(json: Buffer, name: string): string | null | undefined {
  for (let at = 1; json[at] === QUOTE;) {
    const nameEnd = findStringEnd(json, at);
    if (nameEnd === -1 || json[nameEnd + 1] !== COLON) return undefined;
    const to = findValueEnd(json, nameEnd + 2);
    if (to <= nameEnd + 2) return undefined;
    if (nameEnd + 3 - at === name.length && json.toString('latin1', at, nameEnd + 3) === name)
      return json.toString('utf8', nameEnd + 3, to - 1);
    if (json[to] === CLOSING_BRACE) return null;
    if (json[to] !== COMMA) return undefined;
    at = to + 1;
  }
  return undefined;
}

function guildIdOfDecoded(t: string, packet: Buffer): string | null {
  try {
    return guildIdOf({ t, d: (JSON.parse(packet.toString()) as { d?: unknown }).d } as Dispatch);
  } catch {
    return null;
  }
}
