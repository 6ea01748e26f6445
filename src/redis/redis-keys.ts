/**
 * The names of keys and channels. All of one step are in one slot of Redis Cluster, because they carry the same hash tag:
 * `{app}` for what the whole bot shares, `{app.pK}` for the shards of partition K.
 */
import type { Lease, OwnershipScope } from '../cluster/ports/ownership.ts';

/** Whose members and changes they are. */
export const scopeName = (scope: OwnershipScope): string =>
  scope.kind === 'shards' ? 'shards' : `group:${scope.group}`;

/** Each generation of shards has leases and sessions of its own. The first one has no number. */
const numbered = (name: string, generation: number | undefined): string =>
  generation === undefined || generation === 0 ? name : `${name}@${generation}`;

export const leasesName = (scope: OwnershipScope): string =>
  scope.kind === 'shards' ? numbered('shards', scope.generation) : scopeName(scope);

/** The names in one slot. */
export class RedisKeys {
  readonly #tag: string;

  constructor(tag: string) {
    this.#tag = tag;
  }

  /** When this part of the engine was empty for the last time. */
  get birth(): string {
    return this.of('birth');
  }

  /** The channel on which a scope says that something has changed. */
  changes(scope: OwnershipScope): string {
    return this.of('changes', scopeName(scope));
  }

  leases(scope: OwnershipScope): string {
    return this.of('leases', leasesName(scope));
  }

  /** When members of a scope have called. */
  seen(scope: OwnershipScope): string {
    return this.of('seen', leasesName(scope));
  }

  session({ shardId, scope }: Pick<Lease, 'shardId' | 'scope'>): string {
    return this.of(numbered('session', scope.kind === 'shards' ? scope.generation : 0), shardId);
  }

  snapshot(shardId: number, generation: number | undefined): string {
    return this.of(numbered('snapshot', generation), shardId);
  }

  stream(shardId: number): string {
    return this.of('stream', shardId);
  }

  /** What is delivered to one group again. */
  redelivered(group: string, shardId: number): string {
    return this.of('redelivered', shardId, group);
  }

  /** The channel that wakes who waits for the stream of a shard. */
  streamNews(shardId: number): string {
    return this.of('stream-news', shardId);
  }

  /** The channel that wakes who waits for the commands of a shard. Not that of its stream, which has far more news. */
  queueNews(shardId: number): string {
    return this.of('queue-news', shardId);
  }

  of(...parts: readonly (string | number)[]): string {
    return `{${this.#tag}}:${parts.join(':')}`;
  }
}

/** The names of one bot. */
export class RedisKeyspace {
  /** What the whole bot shares. */
  readonly control: RedisKeys;
  readonly partitions: readonly RedisKeys[];

  constructor(app: string, partitions: number) {
    this.control = new RedisKeys(app);
    this.partitions = Array.from({ length: partitions }, (_, index) => new RedisKeys(`${app}.p${index}`));
  }

  get all(): readonly RedisKeys[] {
    return [this.control, ...this.partitions];
  }

  /** The partition of a shard. */
  of(shardId: number): RedisKeys {
    return this.partitions[shardId % this.partitions.length] ?? this.control;
  }

  /** Splits shards, or what belongs to one, by partition. Partitions without any are left out. */
  split<Item>(items: readonly Item[], shardIdOf: (item: Item) => number): [keys: RedisKeys, items: Item[]][] {
    const byPartition = Map.groupBy(items, (item) => this.of(shardIdOf(item)));
    return [...byPartition];
  }
}
