/** Who runs which shard, and who reads which stream, in Redis. Each partition keeps the leases of its shards. */
import type {
  ChangeListener,
  Lease,
  Member,
  MemberState,
  MemberView,
  Ownership,
  OwnershipScope,
  OwnershipView,
  Renewal,
  RenewedLease,
  ShardOwner,
} from '../cluster/ports/ownership.ts';
import type { Session } from '../session/session.ts';
import type { RedisContext } from './redis-context.ts';
import type { RedisKeys } from './redis-keys.ts';
import { scopeName } from './redis-keys.ts';
import { decodeName, encodeName, leaseArguments } from './redis-lease.ts';
import type { RedisReply } from './redis-reply.ts';
import type { RedisPlan } from './redis-succession.ts';
import { CLAIM } from './scripts/claim.lua.ts';
import { DRAIN } from './scripts/drain.lua.ts';
import { FORGET_MEMBER } from './scripts/forget-member.lua.ts';
import { HASH } from './scripts/hash.lua.ts';
import { LEAVE } from './scripts/leave.lua.ts';
import { MEMBER } from './scripts/member.lua.ts';
import { RELEASE } from './scripts/release.lua.ts';
import { RENEW } from './scripts/renew.lua.ts';
import { RESTORE } from './scripts/restore.lua.ts';
import { RETIRE_GENERATION } from './scripts/succession.lua.ts';

/** The states of a member in its row. */
const ACTIVE = '0';
const DRAINING = '1';
const STALLED = '2';
/** The message of a change at which each member should look. */
const CHANGED = 'changed';
/** How long a released shard waits for the member for which it was released. */
const RESERVATION_MS = 2_000;
/** How long the rows of a generation that is not needed any more stay: a node that was frozen must find that they are lost. */
const RETIRED_MS = 3_600_000;

export class RedisOwnership implements Ownership {
  readonly #context: RedisContext;
  readonly #scope: OwnershipScope;

  constructor(context: RedisContext, scope: OwnershipScope) {
    this.#context = context;
    this.#scope = scope;
  }

  async join(member: Member, { isStalled = false }: Pick<MemberState, 'isStalled'> = {}): Promise<void> {
    await Promise.all([this.#see(member, isStalled ? STALLED : ACTIVE), this.#renew(member, [])]);
  }

  async claim(shardId: number, member: Member): Promise<Lease | null> {
    const { link, keyspace, leaseTtlMs } = this.#context;
    const { instance } = member;
    const keys = keyspace.of(shardId);
    const reply = await link.run(
      CLAIM,
      [keys.leases(this.#scope), keys.birth, keys.seen(this.#scope)],
      [shardId, encodeName(instance), leaseTtlMs, keys.changes(this.#scope)],
    );
    if (reply.state === 'young') await this.#renew(member, []);
    return reply.state === 'claimed' ? { scope: this.#scope, shardId, instance, fence: reply.number(1) } : null;
  }

  async renew(
    member: Member,
    leases: readonly RenewedLease[],
    { isDraining, isStalled = false }: MemberState,
  ): Promise<Renewal> {
    const other = isStalled ? STALLED : ACTIVE;
    const [replies] = await Promise.all([
      this.#renew(member, leases),
      this.#see(member, isDraining ? DRAINING : other),
    ]);
    const shardsAt = (index: number): number[] =>
      replies.flatMap((reply) => reply.list(index).texts().map(Number)).toSorted((a, b) => a - b);
    return { fenced: shardsAt(1), forgotten: shardsAt(2) };
  }

  async restore(lease: Lease, session: Session | null): Promise<boolean> {
    const { link, keyspace, leaseTtlMs } = this.#context;
    const keys = keyspace.of(lease.shardId);
    const kept = this.#scope.kind === 'shards' ? session : null;
    const group = this.#scope.kind === 'group' ? [keys.stream(lease.shardId), keys.of('groups')] : [];
    const reply = await link.run(
      RESTORE,
      [keys.leases(this.#scope), keys.birth, keys.session(lease), ...group],
      [
        ...leaseArguments(lease),
        leaseTtlMs,
        keys.changes(this.#scope),
        kept?.sessionId ?? '',
        kept?.sequence ?? 0,
        kept === null ? '' : JSON.stringify(kept),
        this.#scope.kind === 'group' ? this.#scope.group : '',
      ],
    );
    return reply.state === 'restored';
  }

  async release(lease: Lease, { to }: { readonly to?: string } = {}): Promise<boolean> {
    const { link, keyspace } = this.#context;
    const { shardId } = lease;
    const keys = keyspace.of(shardId);
    // Commands are for the owner of the shard; who reads its stream has none to put back.
    const queue = this.#scope.kind === 'shards' ? ['queue', 'taken'] : [];
    const reply = await link.run(
      RELEASE,
      [keys.leases(this.#scope), ...queue.map((name) => keys.of(name, shardId))],
      [...leaseArguments(lease), to === undefined ? '-' : encodeName(to), RESERVATION_MS, keys.changes(this.#scope)],
    );
    return reply.state !== 'forgotten';
  }

  async drain(instance: string): Promise<boolean> {
    const { link, keyspace } = this.#context;
    const channel = keyspace.control.changes(this.#scope);
    const reply = await link.run(DRAIN, [this.#members], [encodeName(instance), channel]);
    return reply.state === 'ok';
  }

  /** The leases first: a member that is gone can not free them any more. */
  async leave({ instance }: Member): Promise<void> {
    const { link, keyspace } = this.#context;
    const name = encodeName(instance);
    await Promise.all(
      keyspace.partitions.map((keys) => link.run(LEAVE, [keys.leases(this.#scope)], [name, keys.changes(this.#scope)])),
    );
    const { control } = keyspace;
    await link.run(FORGET_MEMBER, [this.#members], [name, control.changes(this.#scope)]);
  }

  async retire(): Promise<void> {
    const { link, keyspace } = this.#context;
    const scope = this.#scope;
    const generation = scope.kind === 'shards' ? scope.generation : undefined;
    await Promise.all(
      keyspace.partitions.map(async (keys) => {
        const leases = await link.run(HASH, [keys.leases(scope)], []);
        // A member that has ended has not deleted its sessions.
        const stored = ownersIn(leases).flatMap(([shardId]) => [
          keys.session({ shardId, scope }),
          keys.snapshot(shardId, generation),
        ]);
        await link.run(RETIRE_GENERATION, [keys.leases(scope), keys.seen(scope), ...stored], [RETIRED_MS]);
      }),
    );
  }

  async view(): Promise<OwnershipView> {
    const { link, keyspace } = this.#context;
    const [agreed, members, ...leases] = await Promise.all([
      this.#context.plan(),
      link.run(HASH, [this.#members], []),
      ...keyspace.partitions.map((keys) => link.run(HASH, [keys.leases(this.#scope)], [])),
    ]);
    const owners = new Map(leases.flatMap(ownersIn));
    const shards = Array.from(
      { length: shardCountOf(this.#scope, agreed) },
      (_, shardId) => owners.get(shardId) ?? { shardId, owner: null, reservedFor: null },
    );
    return { members: membersIn(members), shards };
  }

  changes(listener: ChangeListener): () => void {
    const { messages, keyspace } = this.#context;
    const ends = keyspace.all.map((keys: RedisKeys) =>
      messages.subscribe(keys.changes(this.#scope), (message) => listener(onlyForIn(message))),
    );
    return () => {
      for (const end of ends) end();
    };
  }

  /** All partitions hear of a member, whichever it needs: how old they are, and how long none has called, counts there. */
  #renew({ instance }: Member, leases: readonly RenewedLease[]): Promise<RedisReply[]> {
    const { link, keyspace, leaseTtlMs } = this.#context;
    const byPartition = new Map(keyspace.split(leases, ({ shardId }) => shardId));
    return Promise.all(
      keyspace.partitions.map((keys) => {
        const own = byPartition.get(keys) ?? [];
        return link.run(
          RENEW,
          [keys.leases(this.#scope), keys.birth, keys.seen(this.#scope), ...own.map((lease) => keys.session(lease))],
          [
            encodeName(instance),
            leaseTtlMs,
            ...own.flatMap(({ shardId, fence, sessionId = '' }) => [shardId, fence, sessionId]),
          ],
        );
      }),
    );
  }

  get #members(): string {
    return this.#context.keyspace.control.of('members', scopeName(this.#scope));
  }

  #see({ instance, name }: Member, state: string): Promise<RedisReply> {
    const { link, keyspace, leaseTtlMs } = this.#context;
    const { control } = keyspace;
    return link.run(
      MEMBER,
      [this.#members, control.birth],
      [encodeName(instance), encodeName(name), leaseTtlMs, state, control.changes(this.#scope)],
    );
  }
}

/** Reads the message of a change: `changed`, or the instance that alone is concerned. `null` if some may be lost. */
const onlyForIn = (message: string | null): string | undefined =>
  message === null || message === CHANGED ? undefined : decodeName(message);

function shardCountOf(scope: OwnershipScope, { plan, streams }: RedisPlan): number {
  if (plan === null) return 0;
  if (scope.kind === 'group') return streams;
  const { generation = 0 } = scope;
  if (generation === (plan.generation ?? 0)) return plan.total;
  return generation === plan.next?.generation ? plan.next.total : 0;
}

function membersIn(reply: RedisReply): MemberView[] {
  const now = reply.number(1);
  const members = [...reply.list(2).pairs()].flatMap(([instance, row]): MemberView[] => {
    const [expiresAt, lastSeenAt, joinedAt, state, name = ''] = row.split(' ');
    if (Number(expiresAt) <= now) return [];
    return [
      {
        name: decodeName(name),
        instance: decodeName(instance),
        joinedAt: Number(joinedAt),
        lastSeenAt: Number(lastSeenAt),
        isDraining: state === DRAINING,
        isStalled: state === STALLED,
      },
    ];
  });
  return members.toSorted((a, b) => a.joinedAt - b.joinedAt || (a.instance < b.instance ? -1 : 1));
}

function ownersIn(reply: RedisReply): [shardId: number, owner: ShardOwner][] {
  const now = reply.number(1);
  return [...reply.list(2).pairs()].map(([field, row]) => {
    const [, expiresAt, reservedUntil, owner = '-', target = '-'] = row.split(' ');
    const shardId = Number(field);
    return [
      shardId,
      {
        shardId,
        owner: owner !== '-' && Number(expiresAt) > now ? decodeName(owner) : null,
        reservedFor: target !== '-' && Number(reservedUntil) > now ? decodeName(target) : null,
      },
    ];
  });
}
