/** The entries that pass the filter, kept up to date by looking only at what is new. */
import type { LogEntry } from '../messages.ts';
import { matches } from './log-filter.ts';
import type { LogFilter } from './log-filter.ts';
import type { World } from './world.ts';

export class LogRows {
  #world: World | null = null;
  #filter: LogFilter | null = null;
  #rows: LogEntry[] = [];
  #seenId = -1;
  /** How many rows went at the head since {@link takeDropped} was called. */
  #dropped = 0;

  update(world: World, filter: LogFilter): void {
    const newest = world.log.at(-1)?.id ?? -1;
    if (world !== this.#world || filter !== this.#filter || newest < this.#seenId) this.#start(world, filter);
    const fresh: LogEntry[] = [];
    for (let index = -1, entry = world.log.at(index); entry !== undefined && entry.id > this.#seenId; entry = world.log.at((index -= 1))) {
      if (matches(filter, entry)) fresh.push(entry);
    }
    this.#rows.push(...fresh.toReversed());
    this.#seenId = newest;
    this.#dropOld(world.log.at(0)?.id ?? 0);
  }

  #start(world: World, filter: LogFilter): void {
    this.#world = world;
    this.#filter = filter;
    this.#rows = [];
    this.#seenId = -1;
    this.#dropped = 0;
  }

  #dropOld(oldestId: number): void {
    const kept = this.#rows.findIndex(({ id }) => id >= oldestId);
    const count = kept === -1 ? this.#rows.length : kept;
    if (count === 0) return;
    this.#rows.splice(0, count);
    this.#dropped += count;
  }

  takeDropped(): number {
    const dropped = this.#dropped;
    this.#dropped = 0;
    return dropped;
  }

  get length(): number {
    return this.#rows.length;
  }

  at(index: number): LogEntry | undefined {
    return this.#rows[index];
  }

  /** Rows up to an entry. */
  countUpTo(id: number): number {
    return this.#rows.findLastIndex((row) => row.id <= id) + 1;
  }

  indexOf(id: number): number {
    return this.#rows.findIndex((row) => row.id === id);
  }
}
