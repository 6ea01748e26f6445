/**
 * Parses packets, large ones in portions. As one string a GUILD_CREATE is an object V8 gives memory of its own to,
 * asked from the system and given back each time, which costs more than to parse it. So the elements of its long
 * lists are cut out and parsed a few at a time, what is left is parsed as one, and each list gets its elements back.
 */
import { randomUUID } from 'node:crypto';
import { portionsOf } from './scan/brackets.ts';

/** From here on a packet is cut: so many bytes make a string that V8 still keeps with the small ones. */
const LARGE_BYTES = 49_152;
const PORTION_BYTES = 32_768;

/** Stands for the elements of a list, and can't be in a packet by chance or by intent. */
const MARK = randomUUID();

/** The value of `bytes`. Throws what `JSON.parse` throws. */
export function parsePacket(bytes: Buffer): unknown {
  if (bytes.length >= LARGE_BYTES) {
    const packet = parseInPortions(bytes, PORTION_BYTES);
    if (packet !== null) return packet;
  }
  return JSON.parse(bytes.toString());
}

/**
 * The same as `JSON.parse` gives, or `null` where that has to decide. If both the text with marks for elements and the
 * elements between brackets are JSON, then so is the whole, and its value is theirs put together.
 */
export function parseInPortions(bytes: Buffer, leastBytes: number): object | null {
  const ends = portionsOf(bytes, leastBytes);
  if (ends.length === 0) return null;
  try {
    const lists = new Map<unknown, unknown[]>();
    let text = '';
    let done = 0;
    let list: unknown[] = [];
    for (let index = 0; index < ends.length; index += 2) {
      const from = ends[index] ?? 0;
      const to = ends[index + 1] ?? 0;
      const elements = JSON.parse(`[${bytes.toString('utf8', from, to)}]`) as unknown[];
      // Between two commas there has to be something.
      if (elements.length === 0) return null;
      // Nothing but a comma lies between two portions of a list, and more between two lists.
      if (index > 0 && from === done + 1) for (const element of elements) list.push(element);
      else {
        const mark = `${MARK} ${lists.size}`;
        text += `${bytes.toString('utf8', done, from)}"${mark}"`;
        list = elements;
        lists.set(mark, list);
      }
      done = to;
    }
    const packet = JSON.parse(text + bytes.toString('utf8', done)) as { d: Record<string, unknown> };
    return fill(packet.d, lists) ? packet : null;
  } catch {
    return null;
  }
}

/** Puts the elements into their lists. Not all have one where a name is in `d` twice, or a list is not in `d`. */
function fill(d: Record<string, unknown>, lists: ReadonlyMap<unknown, unknown[]>): boolean {
  let filled = 0;
  for (const [name, value] of Object.entries(d)) {
    const list = Array.isArray(value) ? lists.get(value[0]) : undefined;
    if (list === undefined) continue;
    d[name] = list;
    filled += 1;
  }
  return filled === lists.size;
}
