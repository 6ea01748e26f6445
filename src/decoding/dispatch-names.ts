/**
 * The names of dispatches that were seen before, each as one string. A name that is decoded with its packet is a new
 * string each time: keeping it in an object that is old makes work for the garbage collector, and its hash is computed
 * again for each table that it is looked up in.
 */

/** Discord has about a hundred event names. */
const MAX_NAMES = 1_000;

const byName = new Map<string, string>();

/** Returns the string with this content that was seen first. */
export function knownName(name: string): string {
  const known = byName.get(name);
  if (known !== undefined) return known;
  if (byName.size < MAX_NAMES) byName.set(name, name);
  return name;
}

/** By a hash of the bytes: looking a name up is cheaper than creating a string. */
const byHash = new Map<number, string>();

/** Returns the name that the bytes spell. `hash` is any hash of them. */
export function nameAt(bytes: Buffer, from: number, end: number, hash: number): string {
  const known = byHash.get(hash);
  if (known !== undefined && isAt(bytes, from, end, known)) return known;
  const name = knownName(bytes.toString('latin1', from, end));
  if (byHash.size < MAX_NAMES) byHash.set(hash, name);
  return name;
}

function isAt(bytes: Buffer, from: number, end: number, name: string): boolean {
  if (name.length !== end - from) return false;
  for (let index = 0; index < name.length; index += 1) if (name.charCodeAt(index) !== bytes[from + index]) return false;
  return true;
}
