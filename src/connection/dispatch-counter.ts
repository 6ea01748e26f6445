/**
 * Counts dispatches by kind for an observer. Dispatches are too frequent to be shown one by one, so counting one
 * allocates nothing, and only the first of each count reads the clock.
 */
import { shortName } from '../protocol/printable.ts';

/** Discord has about a hundred names. More come only from a gateway that makes them up. */
const MAX_NAMES = 500;
const OTHER = 'OTHER';

interface KindCount {
  count: number;
  bytes: number;
}

/** The dispatches of a short time. */
export interface DispatchCounts {
  /** The time from the first of them until they were taken. */
  readonly periodMs: number;
  readonly count: number;
  /** The first and the last sequence; `null` if none had one. */
  readonly firstS: number | null;
  readonly lastS: number | null;
  /** By name. `bytes` is the size as inflated, of all together. */
  readonly kinds: ReadonlyMap<string, { readonly count: number; readonly bytes: number }>;
}

export class DispatchCounter {
  readonly #now: () => number;
  /** Kinds that did not come again stay with a count of 0, so that a steady stream creates no object. */
  readonly #kinds = new Map<string, KindCount>();
  #since = 0;
  #count = 0;
  #firstS: number | null = null;
  #lastS: number | null = null;

  constructor(now: () => number) {
    this.#now = now;
  }

  get isEmpty(): boolean {
    return this.#count === 0;
  }

  add(t: string, s: number | null, bytes: number): void {
    if (this.#count === 0) {
      this.#since = this.#now();
      this.#firstS = null;
      this.#lastS = null;
    }
    this.#count += 1;
    if (s !== null) {
      this.#firstS ??= s;
      this.#lastS = s;
    }
    const kind = this.#kinds.get(t) ?? this.#addKind(t);
    kind.count += 1;
    kind.bytes += bytes;
  }

  /** Returns the counts since the last call, and begins with 0 again; `null` if there was no dispatch. */
  take(): DispatchCounts | null {
    if (this.#count === 0) return null;
    const kinds = new Map<string, KindCount>();
    for (const [t, kind] of this.#kinds) {
      if (kind.count > 0) kinds.set(t, { ...kind });
      kind.count = 0;
      kind.bytes = 0;
    }
    // A gateway that makes names up must not keep the real ones out for good.
    if (this.#kinds.size >= MAX_NAMES) this.#kinds.clear();
    const taken = {
      periodMs: this.#now() - this.#since,
      count: this.#count,
      firstS: this.#firstS,
      lastS: this.#lastS,
      kinds,
    };
    this.#count = 0;
    return taken;
  }

  #addKind(t: string): KindCount {
    const name = this.#kinds.size < MAX_NAMES ? shortName(t) : OTHER;
    const kind = this.#kinds.get(name) ?? { count: 0, bytes: 0 };
    this.#kinds.set(name, kind);
    return kind;
  }
}
