/** Who has which shard or stream: members, leases with their fences, and reservations. */
import { GatewayError } from '../../protocol/errors.ts';
import type { Session } from '../../session/session.ts';
import type {
  Lease,
  Member,
  MemberState,
  MemberView,
  OwnershipScope,
  OwnershipView,
  Renewal,
  RenewedLease,
  ShardOwner,
} from '../ports/ownership.ts';
import { groupIn, keyOf, valueOf } from './memory-data.ts';
import type { MemberRow, OwnerRow, ScopeData } from './memory-data.ts';
import { leasesKey, scopeKey } from './memory-store.ts';
import type { MemoryStore } from './memory-store.ts';
import { putBackCommands } from './put-back-commands.ts';

/** How long a released shard waits for the member for which it was released. */
const RESERVATION_MS = 2_000;

/** What a lease is worth. */
export type Standing = 'held' | 'fenced' | 'forgotten';

export class MemoryOwnership {
  readonly #store: MemoryStore;

  constructor(store: MemoryStore) {
    this.#store = store;
  }

  join(scope: OwnershipScope, member: Member, isStalled: boolean): void {
    this.#see(scope, member, { isDraining: false, isStalled });
  }

  claim(scope: OwnershipScope, shardId: number, member: Member): Lease | null {
    const { owners } = this.#scope(scope);
    const now = this.#store.clock.now();
    const { instance } = member;
    const row = owners.get(shardId);
    const bornAt = this.#store.bornAt();
    const seenSince = this.#notePresence(scope);
    const owner = ownerOf(row, now);
    if (owner === instance && row !== undefined) return { scope, shardId, instance, fence: row.fence };
    const reservedFor = reservationOf(row, now);
    if (owner !== null || (reservedFor !== null && reservedFor !== instance)) return null;
    // The last owner may be about to restore or to renew its lease.
    if (row === undefined ? this.#isRecent(bornAt) : isOfAnother(row, instance) && this.#isRecent(seenSince))
      return null;
    // Higher also than the fences that the engine has forgotten.
    const fence = Math.max((row?.fence ?? 0) + 1, Math.floor(now));
    const lease: Lease = { scope, shardId, instance, fence };
    this.#write(lease);
    return lease;
  }

  renew(scope: OwnershipScope, member: Member, leases: readonly RenewedLease[], state: MemberState): Renewal {
    this.#see(scope, member, state);
    const found: Record<Standing, number[]> = { held: [], fenced: [], forgotten: [] };
    const { owners } = this.#scope(scope);
    for (const lease of leases) {
      const standing = this.standing(lease);
      found[standing].push(lease.shardId);
      const row = owners.get(lease.shardId);
      if (standing !== 'held' || row === undefined) continue;
      row.endsAt = this.#endOfLease();
      const { sessionId, shardId } = lease;
      const isKnown = sessionId === undefined || this.#store.data.sessions.get(keyOf(lease))?.sessionId === sessionId;
      if (!isKnown) found.forgotten.push(shardId);
    }
    return { fenced: found.fenced, forgotten: found.forgotten };
  }

  restore(lease: Lease, session: Session | null): boolean {
    const standing = this.standing(lease);
    if (standing === 'fenced') return false;
    this.#write(lease);
    const { sessions } = this.#store.data;
    if (lease.scope.kind === 'group') groupIn(this.#store.data, lease.scope.group);
    if (lease.scope.kind === 'group' || session === null) return true;
    const stored = sessions.get(keyOf(lease));
    const { sequence } = stored?.sessionId === session.sessionId ? stored : session;
    sessions.set(keyOf(lease), { ...session, sequence });
    return true;
  }

  release(lease: Lease, to: string | null): boolean {
    const standing = this.standing(lease);
    if (standing !== 'held') return standing === 'fenced';
    this.#free(lease.scope, lease.shardId, to);
    this.#publish(lease.scope, to ?? undefined);
    return true;
  }

  drain(scope: OwnershipScope, instance: string): boolean {
    const member = this.view(scope).members.find((each) => each.instance === instance);
    if (member === undefined) return false;
    if (!member.isDraining) {
      this.#members(scope).set(instance, { ...member, isDraining: true, isStalled: false });
      this.#publish(scope);
    }
    return true;
  }

  leave(scope: OwnershipScope, { instance }: Member): void {
    const { owners } = this.#scope(scope);
    this.#members(scope).delete(instance);
    for (const [shardId, row] of owners) {
      if (row.owner === instance) this.#free(scope, shardId, null);
      if (row.reservedFor === instance) row.reservedFor = null;
    }
    this.#publish(scope);
  }

  view(scope: OwnershipScope): OwnershipView {
    const { owners } = this.#scope(scope);
    const now = this.#store.clock.now();
    const shards: ShardOwner[] = [];
    const count = this.#shardCount(scope);
    for (let shardId = 0; shardId < count; shardId += 1) {
      const row = owners.get(shardId);
      shards.push({ shardId, owner: ownerOf(row, now), reservedFor: reservationOf(row, now) });
    }
    return {
      members: [...this.#members(scope).values()]
        .filter(({ lastSeenAt }) => now < lastSeenAt + this.#store.leaseTtlMs)
        .map((member): MemberView => ({ ...member }))
        .toSorted((a, b) => a.joinedAt - b.joinedAt || (a.instance < b.instance ? -1 : 1)),
      shards,
    };
  }

  standing({ scope, shardId, instance, fence }: Lease): Standing {
    const row = this.#scope(scope).owners.get(shardId);
    if (row === undefined || row.fence < fence) return 'forgotten';
    return row.fence === fence && row.owner === instance ? 'held' : 'fenced';
  }

  /** @throws {@link GatewayError} `FENCED` if the lease is lost; `ENGINE_UNAVAILABLE` if it has to be restored first. */
  assertHeld(lease: Lease): void {
    if (this.isForgotten(lease))
      throw new GatewayError('ENGINE_UNAVAILABLE', `the engine has forgotten the lease of shard ${lease.shardId}`);
  }

  /** @throws {@link GatewayError} `FENCED` if the lease is lost. */
  isForgotten(lease: Lease): boolean {
    const standing = this.standing(lease);
    if (standing === 'fenced')
      throw new GatewayError('FENCED', `the lease of shard ${lease.shardId} is lost: another member may have it`);
    return standing === 'forgotten';
  }

  /** Adds a member, or notes that it is there. */
  #see(scope: OwnershipScope, { name, instance }: Member, state: MemberState): void {
    this.#store.bornAt();
    this.#notePresence(scope);
    const now = this.#store.clock.now();
    const members = this.#members(scope);
    const known = members.get(instance);
    const isPresent = known !== undefined && now < known.lastSeenAt + this.#store.leaseTtlMs;
    const joinedAt = isPresent ? known.joinedAt : now;
    // A member whose time had ended starts again.
    const isDraining = state.isDraining || (isPresent && known.isDraining);
    const isStalled = !isDraining && state.isStalled === true;
    members.set(instance, { name, instance, joinedAt, lastSeenAt: now, isDraining, isStalled });
    if (!isPresent || known.isDraining !== isDraining || known.isStalled !== isStalled) this.#publish(scope);
  }

  /**
   * Notes that a member has called. Returns since when members have called without a gap of more than half of
   * `leaseTtlMs`: in a longer one the engine could not be reached, and leases ended because nobody could renew them.
   */
  #notePresence(scope: OwnershipScope): number {
    const data = this.#scope(scope);
    const now = this.#store.clock.now();
    if (data.seenAt === null || now - data.seenAt > this.#store.leaseTtlMs / 2) data.seenSince = now;
    data.seenAt = now;
    return data.seenSince;
  }

  #isRecent(time: number): boolean {
    return this.#store.clock.now() < time + this.#store.leaseTtlMs / 2;
  }

  #write({ scope, shardId, instance, fence }: Lease): void {
    const row = { fence, owner: instance, endsAt: this.#endOfLease(), reservedFor: null, reservedUntil: 0 };
    this.#scope(scope).owners.set(shardId, row);
    if (scope.kind === 'shards') putBackCommands(this.#store, shardId);
    this.#publish(scope, instance);
  }

  #free(scope: OwnershipScope, shardId: number, to: string | null): void {
    const row = this.#scope(scope).owners.get(shardId);
    if (row === undefined) return;
    row.owner = null;
    row.reservedFor = to;
    row.reservedUntil = this.#store.clock.now() + RESERVATION_MS;
    if (scope.kind === 'shards') putBackCommands(this.#store, shardId);
  }

  #endOfLease(): number {
    return this.#store.clock.now() + this.#store.leaseTtlMs;
  }

  #scope(scope: OwnershipScope): ScopeData {
    return valueOf(this.#store.data.scopes, leasesKey(scope), () => ({
      members: new Map(),
      owners: new Map(),
      seenAt: null,
      seenSince: 0,
    }));
  }

  /** All generations of shards have the same members. */
  #members(scope: OwnershipScope): Map<string, MemberRow> {
    return this.#scope(scope.kind === 'shards' ? { kind: 'shards' } : scope).members;
  }

  #shardCount(scope: OwnershipScope): number {
    const { plan, next, streamCount } = this.#store.data;
    if (plan === null) return 0;
    if (scope.kind === 'group') return Math.max(plan.total, streamCount);
    const { generation = 0 } = scope;
    if (generation === (plan.generation ?? 0)) return plan.total;
    return generation === next?.generation ? next.total : 0;
  }

  #publish(scope: OwnershipScope, onlyFor?: string): void {
    this.#store.scopeNews.publish(scopeKey(scope), onlyFor);
  }
}

const ownerOf = (row: OwnerRow | undefined, now: number): string | null =>
  row !== undefined && now < row.endsAt ? row.owner : null;

/** Whether the last lease was that of another member, and ended without a release. */
const isOfAnother = ({ owner }: OwnerRow, instance: string): boolean => owner !== null && owner !== instance;

const reservationOf = (row: OwnerRow | undefined, now: number): string | null =>
  row !== undefined && now < row.reservedUntil ? row.reservedFor : null;
