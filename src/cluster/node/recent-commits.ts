/**
 * What a shard has published lately. An engine that comes back empty, or with an older state, gets it again. It is
 * bounded: what is missing here is fetched by a RESUME.
 */
import type { PublishedDispatch } from '../ports/session-journal.ts';

interface RecentCommit {
  readonly base: number;
  readonly entries: readonly PublishedDispatch[];
  readonly bytes: number;
}

const bytesOf = (entries: readonly PublishedDispatch[]): number =>
  entries.reduce((sum, { bytes }) => sum + bytes.byteLength, 0);

/** The memory of what all shards of a node have published lately. */
const MAX_BYTES = 33_554_432;

export class RecentCommits {
  readonly #shards: () => number;
  #commits: RecentCommit[] = [];
  #bytes = 0;

  /** @param shards - returns how many shards share the memory */
  constructor(shards: () => number) {
    this.#shards = shards;
  }

  /** The sequence after which every dispatch is remembered; `null` if none is. */
  get base(): number | null {
    return this.#commits[0]?.base ?? null;
  }

  add(base: number, entries: readonly PublishedDispatch[]): void {
    if (entries.length === 0) return;
    const maxBytes = MAX_BYTES / Math.max(1, this.#shards());
    const bytes = bytesOf(entries);
    this.#commits.push({ base, entries, bytes });
    this.#bytes += bytes;
    let dropped = 0;
    while (this.#bytes > maxBytes) {
      this.#bytes -= this.#commits[dropped]?.bytes ?? this.#bytes;
      dropped += 1;
    }
    if (dropped > 0) this.#commits = this.#commits.slice(dropped);
  }

  clear(): void {
    this.#commits = [];
    this.#bytes = 0;
  }

  /** Returns the dispatches after a sequence; `null` if some of them are not remembered. */
  after(sequence: number): readonly PublishedDispatch[] | null {
    const { base } = this;
    if (base === null || base > sequence) return null;
    return this.#commits.flatMap(({ entries }) => entries.filter((entry) => entry.sequence > sequence));
  }
}
