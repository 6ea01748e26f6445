/**
 * A consumer as a member of its group: it takes its share of the streams, renews their leases, and gives them up. Who has
 * which stream is decided as for the shards of nodes.
 */
import type { Clock } from '../../clock.ts';
import type { GatewayError } from '../../protocol/errors.ts';
import { waitAtMost } from '../../protocol/wait-at-most.ts';
import { balanceOf } from '../node/balance.ts';
import type { Balance } from '../node/balance.ts';
import { MemberWatch } from '../node/member-watch.ts';
import { pacedChanges } from '../node/paced-changes.ts';
import type { Lease, Member, Ownership, OwnershipView } from '../ports/ownership.ts';
import { unexpectedError } from '../engine-errors.ts';

interface GroupMemberOptions {
  readonly ownership: Ownership;
  readonly member: Member;
  readonly clock: Clock;
  readonly leaseTtlMs: number;
  readonly onGained: (lease: Lease) => void;
  /** Another consumer has the stream. */
  readonly onLost: (shardId: number) => void;
  /** Resolves when nothing of the stream is under way. Never rejects. */
  readonly drain: (shardId: number) => Promise<void>;
  /** Called when the leases were renewed, after a time in which they may have been over too. */
  readonly onRenewed: () => void;
  readonly report: (error: GatewayError) => void;
}

interface HeldStream {
  readonly lease: Lease;
  /** Until when the lease is surely valid. */
  validUntil: number;
  /** For whom it is being given up, `null` for no other member; `undefined` as long as it is kept. */
  leavingTo: string | null | undefined;
}

const RETRY_MS = 500;
const ignore = (): void => undefined;

export class GroupMember {
  readonly #options: GroupMemberOptions;
  readonly #held = new Map<number, HeldStream>();
  readonly #watch: MemberWatch;
  readonly #stopListening: () => void;
  #isDraining = false;
  #isClosed = false;
  #timer: unknown;
  #lookTimer: unknown;
  #isLooking = false;
  #mustLook = false;
  #view: OwnershipView = { members: [], shards: [] };

  constructor(options: GroupMemberOptions) {
    this.#options = options;
    const { clock, leaseTtlMs, member, ownership } = options;
    this.#watch = new MemberWatch({
      clock,
      leaseTtlMs,
      instance: member.instance,
      onJoined: ignore,
      onLeft: ignore,
    });
    this.#stopListening = pacedChanges(ownership, {
      clock,
      instance: member.instance,
      onChange: () => void this.#look(),
    });
  }

  /** Resolves when the engine knows this member. */
  async start(): Promise<void> {
    while (!this.#isClosed && !(await this.#try(() => this.#join()))) await this.#pause(RETRY_MS);
    if (this.#isClosed) return;
    this.#schedule();
    void this.#look();
  }

  /** Whether the lease of a stream is surely valid: a process that was frozen must not go on with what it had read. */
  isValid(shardId: number): boolean {
    const held = this.#held.get(shardId);
    return held !== undefined && this.#options.clock.now() < held.validUntil;
  }

  /** The engine has refused a lease. */
  lose(lease: Lease): void {
    if (this.#held.get(lease.shardId)?.lease !== lease) return;
    this.#held.delete(lease.shardId);
    this.#options.onLost(lease.shardId);
    void this.#look();
  }

  /** Gives up all streams when nothing of them is under way, and leaves. Never rejects. */
  async stop(): Promise<void> {
    const { ownership, member } = this.#options;
    this.#isDraining = true;
    // The others then give this member nothing more.
    await this.#renew();
    await this.#try(async () => void (this.#view = await ownership.view()));
    const members = this.#view.members.map((each) =>
      each.instance === member.instance ? { ...each, isDraining: true } : each,
    );
    const { moves } = balanceOf({ ...this.#view, members }, member.instance);
    const receivers = new Map(moves.map(({ shardId, to }) => [shardId, to]));
    await Promise.all([...this.#held].map(([shardId, held]) => this.#release(held, receivers.get(shardId) ?? null)));
    this.#close();
    await this.#try(() => ownership.leave(member));
  }

  #join(): Promise<void> {
    const { ownership, member } = this.#options;
    return ownership.join(member, { isStalled: this.#watch.isStalled });
  }

  #close(): void {
    const { clock } = this.#options;
    this.#isClosed = true;
    this.#stopListening();
    clock.clearTimeout(this.#timer);
    clock.clearTimeout(this.#lookTimer);
  }

  #schedule(): void {
    const { clock, leaseTtlMs } = this.#options;
    this.#timer = clock.setTimeout(() => void this.#tick(leaseTtlMs / 3), leaseTtlMs / 3);
  }

  async #tick(everyMs: number): Promise<void> {
    const { clock } = this.#options;
    const isDone = await this.#renew();
    if (this.#isClosed) return;
    this.#timer = clock.setTimeout(() => void this.#tick(everyMs), isDone ? everyMs : RETRY_MS);
    await this.#look();
  }

  /** Resolves with whether the engine has answered. */
  #renew(): Promise<boolean> {
    const { ownership, member, clock, leaseTtlMs } = this.#options;
    const held = [...this.#held.values()];
    const askedAt = clock.now();
    return this.#try(async () => {
      const leases = held.map(({ lease }) => lease);
      const { fenced, forgotten } = await ownership.renew(member, leases, {
        isDraining: this.#isDraining,
        isStalled: this.#watch.isStalled,
      });
      const lost = new Set(fenced);
      const unknown = new Set(forgotten);
      for (const each of held) {
        const { lease } = each;
        const isLost =
          lost.has(lease.shardId) || (unknown.has(lease.shardId) && !(await ownership.restore(lease, null)));
        if (isLost) this.lose(lease);
        else each.validUntil = askedAt + leaseTtlMs;
      }
      this.#options.onRenewed();
    });
  }

  /** Compares the view with what this member should have. One look at a time; another follows if one is asked for. */
  async #look(): Promise<void> {
    this.#mustLook = true;
    if (this.#isLooking) return;
    this.#isLooking = true;
    const { clock, ownership, member } = this.#options;
    while (this.#mustLook && !this.#isDraining && !this.#isClosed) {
      this.#mustLook = false;
      clock.clearTimeout(this.#lookTimer);
      const isDone = await this.#try(async () => {
        this.#view = await ownership.view();
        this.#watch.onView(this.#view);
        const balance = balanceOf(this.#withLeaving(this.#view), member.instance);
        const isComplete = await this.#claim(balance);
        if (this.#watch.onLooked()) await this.#renew();
        for (const { shardId, to } of balance.moves) {
          const held = this.#held.get(shardId);
          if (held !== undefined && !this.#watch.isSilent(to)) void this.#release(held, to);
        }
        if (!isComplete || this.#watch.hasSilent) this.#lookSoon();
      });
      if (!isDone) this.#lookSoon();
    }
    this.#isLooking = false;
  }

  /** Resolves with whether this member has what it should claim. */
  async #claim({ claims }: Balance): Promise<boolean> {
    const { ownership, member, clock, leaseTtlMs } = this.#options;
    const claimed = await Promise.all(
      claims.map(async (shardId) => {
        if (this.#held.has(shardId)) return true;
        const askedAt = clock.now();
        const lease = await ownership.claim(shardId, member);
        if (lease === null) return false;
        if (this.#isDraining) await ownership.release(lease);
        else {
          this.#held.set(shardId, { lease, validUntil: askedAt + leaseTtlMs, leavingTo: undefined });
          this.#options.onGained(lease);
        }
        return true;
      }),
    );
    return claimed.every(Boolean);
  }

  async #release(held: HeldStream, to: string | null): Promise<void> {
    const { ownership } = this.#options;
    const { lease } = held;
    if (held.leavingTo !== undefined) return;
    held.leavingTo = to;
    await this.#options.drain(lease.shardId);
    if (this.#held.get(lease.shardId) !== held) return;
    this.#held.delete(lease.shardId);
    this.#options.onLost(lease.shardId);
    // If the engine does not answer, the lease ends with its time.
    await this.#try(async () => void (await ownership.release(lease, to === null ? {} : { to })));
  }

  /** The view, with the streams that this member is about to release counted for those who get them. */
  #withLeaving(view: OwnershipView): OwnershipView {
    const shards = view.shards.map((shard) => {
      const to = this.#held.get(shard.shardId)?.leavingTo;
      return typeof to === 'string' ? { ...shard, owner: to } : shard;
    });
    return { ...view, shards };
  }

  #lookSoon(): void {
    const { clock } = this.#options;
    clock.clearTimeout(this.#lookTimer);
    this.#lookTimer = clock.setTimeout(() => void this.#look(), RETRY_MS);
  }

  #pause(ms: number): Promise<void> {
    return waitAtMost(this.#options.clock, ms, new Promise<void>(() => undefined));
  }

  /** Resolves with whether the engine has answered. */
  async #try(call: () => Promise<void>): Promise<boolean> {
    try {
      await call();
      return true;
    } catch (cause) {
      const error = unexpectedError(cause);
      if (error !== null && !this.#isClosed) this.#options.report(error);
      return false;
    }
  }
}
