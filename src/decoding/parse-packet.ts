/**
 * Parses packets, large ones in portions. As one string a GUILD_CREATE is an object V8 gives memory of its own to,
 * asked from the system and given back each time, which costs more than to parse it. So the elements of its long
 * lists are cut out and parsed a few at a time, what is left is parsed as one, and each list gets its elements back.
 */
import { randomUUID } from 'node:crypto';
import { findChunks } from './json-scanner/json-scanner.ts';

/** From here on a packet is cut: so many bytes make a string that V8 still keeps with the small ones. */
const LARGE_BYTES = 49_152;
const CHUNK_BYTES = 32_768;

/** Stands for the elements of a list, and can't be in a packet by chance or by intent. */
const PLACEHOLDER = randomUUID();

/** The value of `bytes`. Throws what `JSON.parse` throws. */
export function parsePacket(bytes: Buffer): unknown {
  if (bytes.length >= LARGE_BYTES) {
    const packet = parseInChunks(bytes, CHUNK_BYTES);
    if (packet !== null) return packet;
  }
  return JSON.parse(bytes.toString());
}

/**
 * The same as `JSON.parse` gives, or `null` where that has to decide. If both the text with marks for elements and the
 * elements between brackets are JSON, then so is the whole, and its value is theirs put together.
 */
export function parseInChunks(bytes: Buffer, minBytes: number): object | null {
  const bounds = findChunks(bytes, minBytes);
  if (bounds.length === 0) return null;
  try {
    const lists = new Map<unknown, unknown[]>();
    let text = '';
    let done = 0;
    let list: unknown[] = [];
    for (let index = 0; index < bounds.length; index += 2) {
      const from = bounds[index] ?? 0;
      const to = bounds[index + 1] ?? 0;
      const elements = JSON.parse(`[${bytes.toString('utf8', from, to)}]`) as unknown[];
      // Between two commas there has to be something.
      if (elements.length === 0) return null;
      // Nothing but a comma lies between two portions of a list, and more between two lists.
      if (index > 0 && from === done + 1) for (const element of elements) list.push(element);
      else {
        const placeholder = `${PLACEHOLDER} ${lists.size}`;
        text += `${bytes.toString('utf8', done, from)}"${placeholder}"`;
        list = elements;
        lists.set(placeholder, list);
      }
      done = to;
    }
    const packet = JSON.parse(text + bytes.toString('utf8', done)) as { d: Record<string, unknown> };
    return restoreLists(packet.d, lists) ? packet : null;
  } catch {
    return null;
  }
}

/** Puts the elements into their lists. Not all have one where a name is in `d` twice, or a list is not in `d`. */
function restoreLists(d: Record<string, unknown>, lists: ReadonlyMap<unknown, unknown[]>): boolean {
  let restored = 0;
  for (const [name, value] of Object.entries(d)) {
    const list = Array.isArray(value) ? lists.get(value[0]) : undefined;
    if (list === undefined) continue;
    d[name] = list;
    restored += 1;
  }
  return restored === lists.size;
}
