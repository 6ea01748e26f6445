/** A heap of scheduled callbacks, the earliest first. Cancelled entries stay until most entries are cancelled. */
export interface HeapEntry {
  at: number;
  phase: number;
  order: number;
  /** `null` once the callback has run or was cancelled. */
  run: (() => void) | null;
  readonly isShardTimer: boolean;
  /** Whether the callback waits while the process sleeps. */
  readonly waitsForProcess: boolean;
}

const isBefore = (a: HeapEntry, b: HeapEntry): boolean =>
  a.at !== b.at ? a.at < b.at : a.phase !== b.phase ? a.phase < b.phase : a.order < b.order;

export class Heap {
  #entries: HeapEntry[] = [];
  #cancelled = 0;

  get first(): HeapEntry | undefined {
    this.#dropCancelled();
    return this.#entries[0];
  }

  push(entry: HeapEntry): void {
    this.#entries.push(entry);
    this.#up(this.#entries.length - 1);
  }

  pop(): HeapEntry | undefined {
    this.#dropCancelled();
    return this.#shift();
  }

  cancel(entry: HeapEntry): void {
    entry.run = null;
    this.#cancelled += 1;
    if (this.#cancelled < 64 || this.#cancelled * 2 < this.#entries.length) return;
    this.#entries = this.#entries.filter(({ run }) => run !== null);
    this.#cancelled = 0;
    this.#restoreOrder();
  }

  /** Delays some entries. */
  delay(ms: number, isDelayed: (entry: HeapEntry) => boolean): void {
    for (const entry of this.#entries) if (isDelayed(entry)) entry.at += ms;
    this.#restoreOrder();
  }

  #restoreOrder(): void {
    for (let index = (this.#entries.length >> 1) - 1; index >= 0; index -= 1) this.#down(index);
  }

  #dropCancelled(): void {
    while (this.#entries[0]?.run === null) {
      this.#cancelled -= 1;
      this.#shift();
    }
  }

  #shift(): HeapEntry | undefined {
    const first = this.#entries[0];
    const last = this.#entries.pop();
    if (last === undefined || this.#entries.length === 0) return first;
    this.#entries[0] = last;
    this.#down(0);
    return first;
  }

  #up(from: number): void {
    const entries = this.#entries;
    const entry = entries[from]!;
    let index = from;
    while (index > 0) {
      const parent = (index - 1) >> 1;
      if (!isBefore(entry, entries[parent]!)) break;
      entries[index] = entries[parent]!;
      index = parent;
    }
    entries[index] = entry;
  }

  #down(from: number): void {
    const entries = this.#entries;
    const entry = entries[from]!;
    let index = from;
    for (;;) {
      let child = index * 2 + 1;
      if (child >= entries.length) break;
      if (child + 1 < entries.length && isBefore(entries[child + 1]!, entries[child]!)) child += 1;
      if (!isBefore(entries[child]!, entry)) break;
      entries[index] = entries[child]!;
      index = child;
    }
    entries[index] = entry;
  }
}
