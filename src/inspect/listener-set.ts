/** The listeners that a probe adds to its shard or manager. They are removed together when the probe closes. */
interface EventSource<Events extends Record<keyof Events, unknown[]>> {
  on<Name extends keyof Events>(name: Name, listener: (...args: Events[Name]) => void): void;
  off<Name extends keyof Events>(name: Name, listener: (...args: Events[Name]) => void): void;
}

export class ListenerSet<Events extends Record<keyof Events, unknown[]>> {
  readonly #source: EventSource<Events>;
  readonly #removers: (() => void)[] = [];

  constructor(source: EventSource<Events>) {
    this.#source = source;
  }

  on<Name extends keyof Events>(name: Name, listener: (...args: Events[Name]) => void): void {
    this.#source.on(name, listener);
    this.addRemover(() => this.#source.off(name, listener));
  }

  /** Adds functions that remove listeners of another kind. */
  addRemover(...removers: (() => void)[]): void {
    this.#removers.push(...removers);
  }

  removeAll(): void {
    for (const remove of this.#removers) remove();
  }
}
