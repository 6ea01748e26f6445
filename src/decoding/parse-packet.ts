/**
 * Parses packets, large ones in chunks. V8 allocates a large string, such as a whole GUILD_CREATE, from the operating
 * system and returns it each time, which costs more than parsing it. So the elements of long lists are cut out and
 * parsed a few at a time; the rest is parsed as one text; then each list gets its elements back.
 */
import { randomUUID } from 'node:crypto';
import { findChunks } from './json-scanner/json-scanner.ts';

/** Larger packets are parsed in chunks. V8 keeps a string of this size with the small ones. */
const LARGE_BYTES = 49_152;
const CHUNK_BYTES = 32_768;

/** Stands for the elements of a list. A random UUID, so that no packet contains it by chance or on purpose. */
const PLACEHOLDER = randomUUID();

/** Returns the value of the JSON in `bytes`. Throws the error of `JSON.parse`. */
export function parsePacket(bytes: Buffer): unknown {
  if (bytes.length >= LARGE_BYTES) {
    const packet = parseInChunks(bytes, CHUNK_BYTES);
    if (packet !== null) return packet;
  }
  return JSON.parse(bytes.toString());
}

/**
 * Returns the same value as `JSON.parse`, or `null` if only `JSON.parse` can decide. If the text with placeholders is
 * JSON, and so are the elements between brackets, then the whole is JSON and its value is composed of theirs.
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
      // JSON does not allow an empty place between two commas.
      if (elements.length === 0) return null;
      // Two chunks of one list are separated by just a comma, two lists by more.
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

/**
 * Puts the elements back into their lists. Returns false if a list was not found: a name occurs twice in `d`, or the
 * list is outside of `d`.
 */
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
