/**
 * The order in which shards are started. Who has a session to resume starts at once. The others start bucket by bucket,
 * as Discord asks: the next one when every shard of this one has had its turn, so that no shard waits on an open socket
 * for an hour, and none overtakes.
 * @see https://discord.com/developers/docs/events/gateway#sharding-max-concurrency
 */

export interface LauncherOptions {
  readonly ids: readonly number[];
  readonly maxConcurrency: number;
  /** Whether it will RESUME. */
  readonly isResumable: (shardId: number) => boolean;
  readonly start: (shardId: number) => void;
}

export class Launcher {
  readonly #buckets: number[][] = [];
  readonly #resumable: readonly number[];
  readonly #start: (shardId: number) => void;
  /** Of the buckets that were started. */
  readonly #pending = new Set<number>();
  #isStarting = false;

  constructor({ ids, maxConcurrency, isResumable, start }: LauncherOptions) {
    this.#start = start;
    const byBucket = new Map<number, number[]>();
    for (const id of ids.filter((shardId) => !isResumable(shardId))) {
      const bucket = Math.floor(id / maxConcurrency);
      byBucket.set(bucket, [...(byBucket.get(bucket) ?? []), id]);
    }
    this.#buckets = [...byBucket].toSorted(([a], [b]) => a - b).map(([, members]) => members);
    this.#resumable = ids.filter(isResumable);
  }

  begin(): void {
    for (const id of this.#resumable) this.#start(id);
    this.#startNextBucket();
  }

  /** Shards whose turn is yet to come. */
  get waiting(): readonly number[] {
    return [...this.#pending, ...this.#buckets.flat()];
  }

  /** A shard has sent its IDENTIFY, or has come as far as it will for now: whatever it does next is its own affair. */
  onIdentified(shardId: number): void {
    if (this.#pending.delete(shardId)) this.#startNextBucket();
  }

  #startNextBucket(): void {
    // A shard may be done within `start`.
    if (this.#isStarting) return;
    this.#isStarting = true;
    while (this.#pending.size === 0) {
      const bucket = this.#buckets.shift();
      if (bucket === undefined) break;
      for (const id of bucket) this.#pending.add(id);
      for (const id of bucket) this.#start(id);
    }
    this.#isStarting = false;
  }
}
