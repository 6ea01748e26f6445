/**
 * Typed events, used as in `node:events`, with one difference: a listener that throws, or returns a promise that
 * rejects, disturbs neither the other listeners nor the shard. The error is passed to `onThrow`.
 */
import { assertEventName, assertListener } from '../protocol/event-names.ts';

export type Listener = (...args: never[]) => unknown;

const NONE: readonly Listener[] = [];

export const isThenable = (value: unknown): value is PromiseLike<unknown> =>
  typeof value === 'object' && value !== null && 'then' in value && typeof value.then === 'function';

/** The listener behind each wrapper of `once()`, so that `off()` finds it. */
const originals = new WeakMap<Listener, Listener>();

/** Used until the first listener is added: many shards have listeners only through their manager. */
const NO_LISTENERS: ReadonlyMap<never, readonly Listener[]> = new Map<never, readonly Listener[]>();

export class Emitter<Events extends Record<keyof Events, unknown[]>> {
  /** The map and its lists are replaced, never changed, so that `emit()` can iterate while listeners come and go. */
  #listeners: ReadonlyMap<keyof Events, readonly Listener[]> = NO_LISTENERS;
  readonly #onThrow: (name: string, cause: unknown) => void;
  readonly #names: ReadonlySet<string> | null;

  /** @param names - the events there are; `null` if the caller checks the names */
  constructor(onThrow: (name: string, cause: unknown) => void, names: ReadonlySet<string> | null) {
    this.#onThrow = onThrow;
    this.#names = names;
  }

  /** @throws {@link GatewayError} `INVALID_OPTIONS` for an event that does not exist, or a listener that is no function. */
  on<Name extends keyof Events>(name: Name, listener: (...args: Events[Name]) => unknown): void {
    this.#check(name, listener);
    const list = this.#listeners.get(name) ?? [];
    this.#set(name, list.toSpliced(list.length, 0, listener));
  }

  once<Name extends keyof Events>(name: Name, listener: (...args: Events[Name]) => unknown): void {
    this.#check(name, listener);
    const once = (...args: Events[Name]): unknown => {
      this.off(name, listener);
      return listener(...args);
    };
    originals.set(once, listener);
    this.on(name, once);
  }

  off<Name extends keyof Events>(name: Name, listener: (...args: Events[Name]) => unknown): void {
    this.#check(name, listener);
    const list = this.#listeners.get(name) ?? [];
    const index = list.findLastIndex((other) => other === listener || originals.get(other) === listener);
    if (index === -1) return;
    this.#set(name, list.toSpliced(index, 1));
  }

  #check(name: keyof Events, listener: unknown): void {
    if (this.#names !== null) assertEventName(name, this.#names);
    assertListener(String(name), listener);
  }

  #set(name: keyof Events, list: readonly Listener[]): void {
    const listeners = new Map<keyof Events, readonly Listener[]>(this.#listeners);
    if (list.length > 0) listeners.set(name, list);
    else listeners.delete(name);
    this.#listeners = listeners;
  }

  has(name: keyof Events): boolean {
    return this.#listeners.has(name);
  }

  /** Whether there is no listener at all, which is cheaper to ask than {@link has}. */
  get isEmpty(): boolean {
    return this.#listeners.size === 0;
  }

  protected listenersOf(name: keyof Events): readonly Listener[] {
    return this.#listeners.get(name) ?? NONE;
  }

  emit<Name extends keyof Events>(name: Name, ...args: Events[Name]): void {
    const list = this.#listeners.get(name);
    if (list === undefined) return;
    for (const listener of list) {
      try {
        const result = (listener as (...args: Events[Name]) => unknown)(...args);
        if (isThenable(result)) this.#watch(name, result);
      } catch (cause) {
        this.#onThrow(String(name), cause);
      }
    }
  }

  /** {@link emit} for one argument and known listeners, as for each dispatch. */
  protected emitTo(list: readonly Listener[], name: keyof Events, value: unknown): void {
    for (let index = 0; index < list.length; index += 1) {
      try {
        const result = (list[index] as (value: unknown) => unknown)(value);
        if (isThenable(result)) this.#watch(name, result);
      } catch (cause) {
        this.#onThrow(String(name), cause);
      }
    }
  }

  #watch(name: keyof Events, result: PromiseLike<unknown>): void {
    result.then(undefined, (cause: unknown) => this.#onThrow(String(name), cause));
  }
}
