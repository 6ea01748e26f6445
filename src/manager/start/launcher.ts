/**
 * The order in which shards are started. Shards with a session to resume start at once. The others start bucket by
 * bucket, as Discord asks: a bucket starts when every shard of the one before has had its turn to identify. So no shard
 * waits for an hour on an open socket, and no bucket overtakes another.
 * @see https://discord.com/developers/docs/events/gateway#sharding-max-concurrency
 */

export interface LauncherOptions {
  readonly ids: readonly number[];
  readonly maxConcurrency: number;
  /** Returns whether the shard will RESUME. */
  readonly isResumable: (shardId: number) => boolean;
  readonly start: (shardId: number) => void;
}

export class Launcher {
  readonly #buckets: number[][] = [];
  readonly #resumable: readonly number[];
  readonly #start: (shardId: number) => void;
  /** The shards of started buckets that have not had their turn. */
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

  /** The shards that have not had their turn to identify. */
  get waiting(): readonly number[] {
    return [...this.#pending, ...this.#buckets.flat()];
  }

  /** Called when a shard has had its turn: it has sent its IDENTIFY, is ready, has failed or lost its connection. */
  onIdentified(shardId: number): void {
    if (this.#pending.delete(shardId)) this.#startNextBucket();
  }

  #startNextBucket(): void {
    // A shard may have had its turn before `start` returns.
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
