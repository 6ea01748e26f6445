/** Keeps the log entries that match the filter, and checks only new entries on each update. */
import type { LogEntry, LogKind } from '../../messages.ts';
import type { InspectionModel } from '../model/inspection-model.ts';

export interface LogFilter {
  readonly text: string;
  readonly kinds: ReadonlySet<LogKind>;
  /** Only entries of this shard; `null` for all. */
  readonly shard: string | null;
}

/** Each word must occur in the visible text of the entry. */
function matches({ text, kinds, shard }: LogFilter, entry: LogEntry): boolean {
  if (!kinds.has(entry.kind) || (shard !== null && entry.shard !== shard)) return false;
  if (text === '') return true;
  const searchText = `${entry.kind} ${entry.shard} ${entry.text}`.toLowerCase();
  return text
    .toLowerCase()
    .split(/\s+/)
    .every((word) => searchText.includes(word));
}

export class FilteredLog {
  #model: InspectionModel | null = null;
  #filter: LogFilter | null = null;
  #rows: LogEntry[] = [];
  #seenId = -1;
  /** How many of the oldest rows were dropped since the last call of {@link consumeDropped}. */
  #dropped = 0;

  update(model: InspectionModel, filter: LogFilter): void {
    const newest = model.log.at(-1)?.id ?? -1;
    if (model !== this.#model || filter !== this.#filter || newest < this.#seenId) this.#reset(model, filter);
    const added: LogEntry[] = [];
    for (
      let index = -1, entry = model.log.at(index);
      entry !== undefined && entry.id > this.#seenId;
      entry = model.log.at((index -= 1))
    ) {
      if (matches(filter, entry)) added.push(entry);
    }
    this.#rows.push(...added.toReversed());
    this.#seenId = newest;
    this.#dropOld(model.log.at(0)?.id ?? 0);
  }

  #reset(model: InspectionModel, filter: LogFilter): void {
    this.#model = model;
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

  consumeDropped(): number {
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

  /** Returns how many rows there are up to an entry. */
  countUpTo(id: number): number {
    return this.#rows.findLastIndex((row) => row.id <= id) + 1;
  }

  indexOf(id: number): number {
    return this.#rows.findIndex((row) => row.id === id);
  }
}
