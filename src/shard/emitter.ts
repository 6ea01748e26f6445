/**
 * Typed events, named and used as in `node:events`, with one difference: a listener that throws, or returns a promise
 * that rejects, disturbs neither the other listeners nor the shard. What it threw is handed to `onThrow`.
 */
type Listener = (...args: never[]) => unknown;

export const isThenable = (value: unknown): value is PromiseLike<unknown> =>
  typeof value === 'object' && value !== null && 'then' in value && typeof value.then === 'function';

export class Emitter<Events extends Record<keyof Events, unknown[]>> {
  /** Lists are replaced, never changed, so that one being walked stays as it was. */
  readonly #listeners = new Map<keyof Events, readonly Listener[]>();
  readonly #originals = new WeakMap<Listener, Listener>();
  readonly #onThrow: (name: string, cause: unknown) => void;

  constructor(onThrow: (name: string, cause: unknown) => void) {
    this.#onThrow = onThrow;
  }

  on<Name extends keyof Events>(name: Name, listener: (...args: Events[Name]) => unknown): void {
    this.#listeners.set(name, [...(this.#listeners.get(name) ?? []), listener]);
  }

  once<Name extends keyof Events>(name: Name, listener: (...args: Events[Name]) => unknown): void {
    const once = (...args: Events[Name]): unknown => {
      this.off(name, listener);
      return listener(...args);
    };
    this.#originals.set(once, listener);
    this.on(name, once);
  }

  off<Name extends keyof Events>(name: Name, listener: (...args: Events[Name]) => unknown): void {
    const list = this.#listeners.get(name) ?? [];
    const index = list.findLastIndex((other) => other === listener || this.#originals.get(other) === listener);
    if (index === -1) return;
    if (list.length === 1) this.#listeners.delete(name);
    else this.#listeners.set(name, list.toSpliced(index, 1));
  }

  has(name: keyof Events): boolean {
    return this.#listeners.has(name);
  }

  emit<Name extends keyof Events>(name: Name, ...args: Events[Name]): void {
    const list = this.#listeners.get(name);
    if (list === undefined) return;
    for (const listener of list) {
      try {
        const result = (listener as (...args: Events[Name]) => unknown)(...args);
        if (isThenable(result)) result.then(undefined, (cause: unknown) => this.#onThrow(String(name), cause));
      } catch (cause) {
        this.#onThrow(String(name), cause);
      }
    }
  }
}
