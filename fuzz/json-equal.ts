/**
 * Compares two values of `JSON.parse` without recursion, because a message may be nested a hundred thousand levels deep.
 * The order of keys counts, `-0` is not `0`, and so does the prototype: a key `__proto__` must not have become one.
 */
export function isJsonEqual(left: unknown, right: unknown): boolean {
  const rest: [unknown, unknown][] = [[left, right]];
  for (let pair = rest.pop(); pair !== undefined; pair = rest.pop()) {
    const [a, b] = pair;
    if (Object.is(a, b)) continue;
    if (typeof a !== 'object' || typeof b !== 'object' || a === null || b === null) return false;
    if (Object.getPrototypeOf(a) !== Object.getPrototypeOf(b)) return false;
    const keys = Object.keys(a);
    const others = Object.keys(b);
    if (keys.length !== others.length) return false;
    for (const [index, key] of keys.entries()) {
      if (others[index] !== key) return false;
      rest.push([Reflect.get(a, key), Reflect.get(b, key)]);
    }
  }
  return true;
}
