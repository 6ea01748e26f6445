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
  /** The shards that have not been started, by bucket. */
  readonly #buckets = new Map<number, number[]>();
  readonly #maxConcurrency: number;
  readonly #resumable: readonly number[];
  readonly #start: (shardId: number) => void;
  /** The shards of started buckets that have not had their turn. */
  readonly #pending = new Set<number>();
  /** The bucket that was started last. */
  #started = -1;
  #isStarting = false;

  constructor({ ids, maxConcurrency, isResumable, start }: LauncherOptions) {
    this.#start = start;
    this.#maxConcurrency = maxConcurrency;
    for (const id of ids.filter((shardId) => !isResumable(shardId))) this.#enqueue(id);
    this.#resumable = ids.filter(isResumable);
  }

  begin(): void {
    for (const id of this.#resumable) this.#start(id);
    this.#startNextBucket();
  }

  /** Starts one more shard: at once if it can resume or its bucket has its turn, else in the turn of its bucket. */
  add(shardId: number, isResumable: boolean): void {
    if (isResumable) return this.#start(shardId);
    if (this.#pending.size > 0 && this.#bucketOf(shardId) === this.#started) {
      this.#pending.add(shardId);
      return this.#start(shardId);
    }
    this.#enqueue(shardId);
    this.#startNextBucket();
  }

  /** The shard is not wanted any more. */
  remove(shardId: number): void {
    for (const [bucket, ids] of this.#buckets) {
      const others = ids.filter((id) => id !== shardId);
      if (others.length > 0) this.#buckets.set(bucket, others);
      else this.#buckets.delete(bucket);
    }
    this.onIdentified(shardId);
  }

  /** The shards that have not had their turn to identify. */
  get waiting(): readonly number[] {
    return [...this.#pending, ...[...this.#buckets.values()].flat()];
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
      const first = Math.min(...this.#buckets.keys());
      const ids = this.#buckets.get(first);
      if (ids === undefined) break;
      this.#buckets.delete(first);
      this.#started = first;
      for (const id of ids) this.#pending.add(id);
      for (const id of ids) this.#start(id);
    }
    this.#isStarting = false;
  }

  #bucketOf(shardId: number): number {
    return Math.floor(shardId / this.#maxConcurrency);
  }

  #enqueue(shardId: number): void {
    const bucket = this.#bucketOf(shardId);
    this.#buckets.set(bucket, [...(this.#buckets.get(bucket) ?? []), shardId]);
  }
}
