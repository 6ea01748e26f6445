/**
 * The port for who runs which shard, and who reads which stream. A shard has at most one owner. Each claim has a higher
 * fence than all before, and the engine refuses a write with a lower one. So an owner that was frozen does no harm.
 */
import type { Session } from '../../session/session.ts';

/**
 * The shards of the bot, which nodes own, or the streams of a consumer group, which its consumers own. The shards of each
 * generation have leases and sessions of their own; members and news are those of all.
 */
export type OwnershipScope =
  | { readonly kind: 'shards'; readonly generation?: number }
  | { readonly kind: 'group'; readonly group: string };

/** A node or a consumer. */
export interface Member {
  /** The name, for people. Two members may have the same. */
  readonly name: string;
  /** Different for every start of every process. */
  readonly instance: string;
}

/** What a member says of itself. */
export interface MemberState {
  /** It hands its shards over and takes none. */
  readonly isDraining: boolean;
  /**
   * It has not looked for a while who has what: no answer of the engine reaches it in time. It keeps its shards, and takes
   * none. Only one of both is told: a member that drains is not stalled.
   * @defaultValue false
   */
  readonly isStalled?: boolean;
}

/** A member as the engine sees it. Times are ms since the epoch on the clock of the engine. */
export interface MemberView extends Member, Required<MemberState> {
  readonly joinedAt: number;
  readonly lastSeenAt: number;
}

/** The right to write for one shard, until it is released, or not renewed in time. */
export interface Lease {
  readonly scope: OwnershipScope;
  readonly shardId: number;
  readonly instance: string;
  /**
   * Higher than the fence of every earlier lease of this shard and scope, also of those that the engine has forgotten:
   * take the time of the engine in ms if that is higher than the last fence.
   */
  readonly fence: number;
}

/** A lease as its owner renews it. */
export interface RenewedLease extends Lease {
  /** The session of the shard, if the engine has confirmed it, and nothing else is under way that changes it. */
  readonly sessionId?: string;
}

/**
 * Called when something of a scope may have changed. `onlyFor` is the instance that alone is concerned: then the others
 * need not look at once. Without it each member should look.
 */
export type ChangeListener = (onlyFor?: string) => void;

export interface ShardOwner {
  readonly shardId: number;
  /** The instance of the owner; `null` if it has none, or if the lease has ended. */
  readonly owner: string | null;
  /** The instance for which the last owner has released it; only that one may claim it, for two seconds. */
  readonly reservedFor: string | null;
}

export interface OwnershipView {
  /** Those whose time has not ended, the oldest first, those of one age by instance. */
  readonly members: readonly MemberView[];
  /**
   * By id: every shard of the plan or of the next generation, none of any other generation; for a group every stream that the
   * bot has had. Empty without a plan.
   */
  readonly shards: readonly ShardOwner[];
}

/** What became of leases that were renewed. */
export interface Renewal {
  /** Shards that belong to somebody else now, or were released. */
  readonly fenced: readonly number[];
  /**
   * Shards of which the engine knows nothing, or only an older state: `restore()` them. Also those of which it knows the
   * lease, and another session than `sessionId` or none.
   */
  readonly forgotten: readonly number[];
}

export interface Ownership {
  /** Adds a member, or renews it. It ends with `leave()`, or when it is not renewed for `leaseTtlMs`. */
  join(member: Member, state?: Pick<MemberState, 'isStalled'>): Promise<void>;
  /**
   * Takes a shard that has no owner. Resolves with `null` if it has one, if it is reserved for another member, or for half
   * of `leaseTtlMs` while its owner may be about to come back:
   * - if the engine knows nothing of it and was empty; the time counts from the first call of a member.
   * - if the lease of another member has ended, was not released, and no member of this scope had called `join()`,
   *   `renew()` or `claim()` for more than half of `leaseTtlMs`: then leases end because the engine is away. The time
   *   counts from the call that ended the gap.
   *
   * A member that has the shard gets its lease again.
   */
  claim(shardId: number, member: Member): Promise<Lease | null>;
  /**
   * Renews the member and its leases, in one step for each. A lease whose time is over is renewed if no other member has
   * claimed the shard since. A member that drains once drains until it leaves: `isDraining: false` does not change that.
   * It is stalled until the next call says otherwise.
   */
  renew(member: Member, leases: readonly RenewedLease[], state: MemberState): Promise<Renewal>;
  /**
   * Writes a lease that the engine has forgotten, and for a shard its session. The highest fence wins: resolves with
   * `false` if another member has one that is as high or higher, or if this one was released. A session that the engine
   * has already keeps its sequence, which is that of the stream. `null` changes no session. The lease of a group brings
   * the group back: where the engine has lost it, it begins at the start of the stream.
   */
  restore(lease: Lease, session: Session | null): Promise<boolean>;
  /**
   * Gives a shard up. With `to` it is reserved for that member for two seconds. Commands that were taken and not done go
   * back to the head of their queue. Resolves with `true` also if the lease is lost already, and with `false` if the engine
   * has forgotten it: `restore()` it first, because nobody else knows the session.
   */
  release(lease: Lease, options?: { readonly to?: string }): Promise<boolean>;
  /**
   * Marks a member as draining, from outside: it hands its shards over and takes none, until it leaves. Resolves with
   * `false` if there is no such member.
   */
  drain(instance: string): Promise<boolean>;
  /** Removes a member. Its leases end at once, and so do reservations for it. */
  leave(member: Member): Promise<void>;
  /** Shards of this generation are not needed any more: the engine may forget who had them. Missing where it forgets nothing. */
  retire?(): Promise<void>;
  view(): Promise<OwnershipView>;
  /**
   * Calls `listener` when something of this scope may have changed, and after an outage. A lease or a member whose time
   * ends is no call: look at the view with each renewal. Returns a function that removes it. For a shard that was
   * claimed, or released for a member, `onlyFor` may be that instance: otherwise all members of a cluster of thousands of
   * shards read all rows whenever a shard moves.
   */
  changes(listener: ChangeListener): () => void;
}
