/**
 * Who should have which shard. Each member computes it from the same view, so that no two claim the same shard and no
 * coordinator is needed. The numbers differ by one at most, and whoever has a shard keeps it where that is possible. A
 * member that is stalled keeps what it has; the others share the rest, as if it were not there.
 */
import type { MemberView, OwnershipView, ShardOwner } from '../ports/ownership.ts';

/** A shard that its owner should release, and for whom. */
export interface Move {
  readonly shardId: number;
  readonly to: string;
}

/** What one member should do. */
export interface Balance {
  /** The shards that it should claim. */
  readonly claims: readonly number[];
  /** The shards that it should release. */
  readonly moves: readonly Move[];
  /** How many members have shards to release, this one included: they share the number of moves a second. */
  readonly givers: number;
}

const NO_OWNERS: ReadonlyMap<string | null, readonly ShardOwner[]> = new Map();

/** The member to which a shard belongs, or for whom it is reserved; `null` if it is free. */
const holderOf = ({ owner, reservedFor }: ShardOwner): string | null => owner ?? reservedFor;

/**
 * How many shards each member should have. All get the same number, and those that hold most get the rest.
 * @param counts - how many each member holds, in the order of the view
 */
export function targetsOf(counts: ReadonlyMap<string, number>, total: number): Map<string, number> {
  const floor = Math.floor(total / counts.size);
  const rest = total - floor * counts.size;
  const byCount = [...counts].toSorted(([, a], [, b]) => b - a);
  return new Map(byCount.map(([instance], index) => [instance, floor + (index < rest ? 1 : 0)]));
}

/** Returns what the member `instance` should do now. */
export function balanceOf({ members, shards }: OwnershipView, instance: string): Balance {
  // Whoever looks is not stalled any more, and the others hear of that next.
  const isStalled = (member: MemberView): boolean => member.isStalled && member.instance !== instance;
  const active = members.filter((each) => !each.isDraining && !isStalled(each)).map((member) => member.instance);
  const stalled = new Set(members.filter(isStalled).map((member) => member.instance));
  const draining = members.filter(({ isDraining }) => isDraining).map((member) => member.instance);
  if (active.length === 0) return { claims: [], moves: [], givers: 0 };
  const counts = new Map(active.map((each) => [each, 0]));
  let shared = shards.length;
  for (const shard of shards) {
    const holder = holderOf(shard);
    if (shard.owner !== null && stalled.has(shard.owner)) shared -= 1;
    const count = holder === null ? undefined : counts.get(holder);
    if (holder !== null && count !== undefined) counts.set(holder, count + 1);
  }
  const targets = targetsOf(counts, shared);
  const missing = active.flatMap((each) => {
    const count = (targets.get(each) ?? 0) - (counts.get(each) ?? 0);
    return Array.from({ length: Math.max(0, count) }, () => each);
  });
  // Nobody may claim a reserved shard but the member it is reserved for; one that is dead or stalled never will.
  const free = shards.filter(
    ({ owner, reservedFor }) => owner === null && (reservedFor === null || !counts.has(reservedFor)),
  );
  const claims = free.filter((_, index) => missing[index] === instance);
  const reserved = shards.filter(({ owner, reservedFor }) => owner === null && reservedFor === instance);
  const receivers = missing.slice(free.length);
  // Without a receiver there is no move: then the shards need not be sorted by owner, which takes the longest.
  const byOwner = receivers.length === 0 ? NO_OWNERS : Map.groupBy(shards, ({ owner }) => owner);
  const surplus = [...draining, ...active].flatMap((owner) => {
    const owned = byOwner.get(owner) ?? [];
    const count = counts.get(owner);
    const excess = count === undefined ? owned.length : count - (targets.get(owner) ?? 0);
    return excess > 0 ? owned.slice(-excess) : [];
  });
  const moves = surplus.flatMap(({ shardId, owner }, index) => {
    const to = receivers[index];
    return to === undefined ? [] : [{ shardId, owner, to }];
  });
  return {
    claims: (counts.has(instance) ? [...reserved, ...claims] : []).map(({ shardId }) => shardId),
    moves: moves.filter(({ owner }) => owner === instance).map(({ shardId, to }) => ({ shardId, to })),
    givers: new Set(moves.map(({ owner }) => owner)).size,
  };
}

/** Returns the member that should have each shard of the member `instance` when that has left. */
export function receiversOf(view: OwnershipView, instance: string): ReadonlyMap<number, string> {
  const members = view.members.map((each) => (each.instance === instance ? { ...each, isDraining: true } : each));
  return new Map(balanceOf({ ...view, members }, instance).moves.map(({ shardId, to }) => [shardId, to]));
}
