/** The leases of a node: it claims shards, renews them, restores what the engine has forgotten, and gives them up. */
import type { Clock } from '../../clock.ts';
import { parseSession } from '../../session/session.ts';
import type { Session } from '../../session/session.ts';
import type { EngineConnection } from '../ports/engine.ts';
import type { Lease, Member, MemberState, Ownership, RenewedLease } from '../ports/ownership.ts';
import type { PublishedDispatch } from '../ports/session-journal.ts';
import { HeldShard } from './held-shard.ts';
import type { NodeHost, ReleaseReason } from './node-host.ts';
import type { SessionRecorder } from './session-recorder.ts';

interface LeasesOptions {
  readonly host: NodeHost;
  readonly connection: EngineConnection;
  readonly ownership: Ownership;
  /** Whose shards these are. */
  readonly generation: number;
  readonly member: Member;
  readonly recorder: () => SessionRecorder;
  /** Resolves with what the engine has of a shard that some group has not acknowledged. */
  readonly loadUnread: (lease: Lease) => Promise<readonly PublishedDispatch[]>;
  readonly clock: Clock;
  readonly leaseTtlMs: number;
  /** Called before a lease is written again with `held.stored`. */
  beforeRestore(held: HeldShard): void;
  /** Called when the node holds other shards. */
  onHeldChange(): void;
  /** Waits a moment before the engine is asked again. */
  readonly pause: () => Promise<void>;
}

interface PartedShard {
  readonly held: HeldShard;
  /** When it may be forgotten; `null` while it is being released. */
  until: number | null;
  /** When an engine that was empty has learned it again from this node; `null` if it need not. */
  taughtAt: number | null;
}

export class Leases {
  readonly held = new Map<number, HeldShard>();
  readonly #options: LeasesOptions;
  /** Shards that are claimed and whose session is not loaded yet. */
  readonly #unloaded = new Map<number, Lease>();
  /** Shards that are being released, and for whom. */
  readonly #leaving = new Map<number, { readonly to: string | null; readonly done: Promise<void> }>();
  /**
   * Shards that were released, for the time of a lease: until the next owner has loaded the session, only this node can
   * teach it to an engine that comes back empty.
   */
  readonly #parted = new Map<number, PartedShard>();
  #isClosed = false;

  constructor(options: LeasesOptions) {
    this.#options = options;
  }

  /** The shards whose sessions this node has written last, as far as it knows. */
  get written(): readonly HeldShard[] {
    return [...this.held.values(), ...[...this.#parted.values()].map(({ held }) => held)];
  }

  /** Whether a shard is being released. */
  isLeaving(shardId: number): boolean {
    return this.#leaving.has(shardId);
  }

  /** For whom a shard is being released; `null` if for nobody, or if it is not. */
  receiverOf(shardId: number): string | null {
    return this.#leaving.get(shardId)?.to ?? null;
  }

  /**
   * Claims shards, and those that it has claimed before without an answer to what followed: the engine says that this
   * member has them, so they are in no list of what is free. Resolves with whether it has all of them.
   */
  async claimAll(shardIds: readonly number[]): Promise<boolean> {
    const claimed = [...new Set([...shardIds, ...this.#unloaded.keys()])].map((shardId) => this.claim(shardId));
    return (await Promise.all(claimed)).every(Boolean);
  }

  /**
   * Claims a shard, and starts it. Resolves with `false` if it can't be had now. Rejects while the engine can't be reached;
   * a shard that is claimed by then is started by the next call.
   */
  async claim(shardId: number): Promise<boolean> {
    const { host, ownership, member, connection, generation } = this.#options;
    if (this.held.has(shardId) || this.#leaving.has(shardId)) return true;
    // The engine was empty, and another node may be about to say that it has the shard.
    if ((this.#parted.get(shardId)?.taughtAt ?? null) !== null) return false;
    const lease = this.#unloaded.get(shardId) ?? (await ownership.claim(shardId, member));
    if (lease === null) return false;
    this.#unloaded.set(shardId, lease);
    const [loaded, unread] = await Promise.all([connection.journal.load(lease), this.#options.loadUnread(lease)]);
    if (this.#unloaded.get(shardId) !== lease) return this.held.has(shardId);
    this.#unloaded.delete(shardId);
    if (this.#isClosed) {
      await ownership.release(lease);
      return false;
    }
    this.#forgetParted(shardId);
    this.held.set(shardId, new HeldShard(lease, sessionFrom(loaded), unread));
    this.#options.onHeldChange();
    host.onClaimed(shardId, generation);
    host.startShard(shardId, generation);
    return true;
  }

  /** Renews the node and everything it has. Rejects while the engine can't be reached. */
  async renew(state: MemberState): Promise<void> {
    const { ownership, member } = this.#options;
    const known = [...this.held.values()];
    const unloaded = [...this.#unloaded.values()];
    const parted = this.#partedShards();
    const asked = new Map(known.map((held) => [held, this.#confirmedSession(held)]));
    const leases = [
      ...known.map((held) => renewedLease(held.lease, asked.get(held))),
      ...unloaded,
      ...parted.flatMap(({ held: { lease, shardId } }) => (this.#unloaded.has(shardId) ? [] : [lease])),
    ];
    const { fenced, forgotten } = await ownership.renew(member, leases, state);
    const lost = new Set(fenced);
    const unknown = new Set(forgotten);
    for (const { shardId } of unloaded) if (lost.has(shardId) || unknown.has(shardId)) this.#unloaded.delete(shardId);
    for (const held of known) if (lost.has(held.shardId)) this.lose(held);
    // A session that has changed meanwhile is being written, which shows whether the lease is forgotten.
    const lostByEngine = known.filter((held) => {
      const sessionId = asked.get(held);
      return unknown.has(held.shardId) && (sessionId === undefined || sessionId === this.#confirmedSession(held));
    });
    for (const each of parted)
      this.#keepKnown(each, { isLost: lost.has(each.held.shardId), isUnknown: unknown.has(each.held.shardId) });
    await Promise.all(lostByEngine.map((held) => this.restore(held)));
  }

  #confirmedSession(held: HeldShard): string | undefined {
    return this.#options.recorder().isIdle(held) ? held.stored?.sessionId : undefined;
  }

  /** Writes a lease and its session again. Rejects while the engine can't be reached. */
  async restore(held: HeldShard): Promise<void> {
    if (!this.#has(held) && !this.#hasParted(held)) return;
    this.#options.beforeRestore(held);
    if (!(await this.#options.ownership.restore(held.lease, held.stored))) this.lose(held);
  }

  /** Another node has the shard, or it could not be handed over in time. */
  lose(held: HeldShard, why: ReleaseReason = 'fenced'): void {
    if (this.#hasParted(held)) this.#forgetParted(held.shardId);
    if (!this.#has(held)) return;
    const { host, generation } = this.#options;
    this.#forget(held);
    host.dropShard(held.shardId, generation);
    host.onReleased(held.shardId, why, generation);
  }

  /**
   * Stops a shard, and releases it: to another node if one is named. Joins a release under way. Never rejects.
   */
  release(held: HeldShard, to: string | null, why: ReleaseReason): Promise<void> {
    const { shardId } = held;
    if (!this.#has(held)) return Promise.resolve();
    const leaving = this.#leaving.get(shardId);
    if (leaving !== undefined) return leaving.done;
    const done = this.#release(held, to, why);
    this.#leaving.set(shardId, { to, done });
    return done.finally(() => this.#leaving.delete(shardId));
  }

  async #release(held: HeldShard, to: string | null, why: ReleaseReason): Promise<void> {
    const { host, recorder, generation } = this.#options;
    const { shardId } = held;
    await host.stopShard(shardId, why, generation);
    await recorder().flush(held);
    if (!this.#has(held)) return;
    this.held.delete(shardId);
    this.#parted.set(shardId, { held, until: null, taughtAt: null });
    this.#options.onHeldChange();
    await this.#giveBack(held, to);
    host.onReleased(shardId, why, generation);
  }

  /** Releases a shard that has stopped. An engine that has forgotten it learns first what it had of it. */
  async #giveBack(held: HeldShard, to: string | null): Promise<void> {
    const { ownership, recorder, pause, clock, leaseTtlMs } = this.#options;
    const parted = this.#parted.get(held.shardId);
    if (parted?.held !== held) return;
    parted.until = null;
    parted.taughtAt = null;
    const release = async (): Promise<void> => {
      await recorder().flush(held);
      while (this.#hasParted(held) && !(await ownership.release(held.lease, to === null ? {} : { to }))) {
        await this.restore(held);
        await recorder().flush(held);
      }
    };
    while (!(await succeeds(release)) && !this.#isClosed) await pause();
    parted.until = clock.now() + leaseTtlMs;
  }

  /**
   * Teaches an engine that was empty a shard that was released lately. If another node has it, that one writes its own
   * lease at its next renewal, which has a higher fence. If none does for longer, the shard is released once more.
   */
  #keepKnown(parted: PartedShard, { isLost, isUnknown }: { isLost: boolean; isUnknown: boolean }): void {
    const { clock, leaseTtlMs, recorder } = this.#options;
    const { held, taughtAt } = parted;
    const now = clock.now();
    if (isUnknown) {
      parted.taughtAt = now;
      parted.until = now + leaseTtlMs;
      // What fails now is tried again with the next renewal.
      void succeeds(async () => {
        await this.restore(held);
        if (this.#hasParted(held)) await recorder().flush(held);
      });
    } else if (isLost && taughtAt !== null) this.#forgetParted(held.shardId);
    else if (taughtAt !== null && now - taughtAt >= leaseTtlMs / 2) void this.#giveBack(held, null);
  }

  /** Returns the shards that were released lately, and forgets those that were released long ago. */
  #partedShards(): PartedShard[] {
    const now = this.#options.clock.now();
    for (const [shardId, { until, taughtAt }] of this.#parted)
      if (until !== null && until < now && taughtAt === null) this.#forgetParted(shardId);
    return [...this.#parted.values()].filter(({ until }) => until !== null);
  }

  #hasParted(held: HeldShard): boolean {
    return this.#parted.get(held.shardId)?.held === held;
  }

  #forgetParted(shardId: number): void {
    const parted = this.#parted.get(shardId);
    this.#parted.delete(shardId);
    if (parted !== undefined) this.#options.recorder().drop(parted.held);
  }

  /** From now on nothing is claimed, and what can't be released is not tried again. */
  close(): void {
    this.#isClosed = true;
  }

  /** Forgets all that was released. */
  forgetParted(): void {
    for (const shardId of this.#parted.keys()) this.#forgetParted(shardId);
  }

  /** Forgets all shards, and returns them. The manager no longer runs them. */
  takeAll(): HeldShard[] {
    const all = [...this.held.values()];
    for (const held of all) this.#forget(held);
    this.forgetParted();
    return all;
  }

  #has(held: HeldShard): boolean {
    return this.held.get(held.shardId) === held;
  }

  #forget(held: HeldShard): void {
    this.held.delete(held.shardId);
    this.#options.recorder().drop(held);
    this.#options.onHeldChange();
  }
}

const renewedLease = (lease: Lease, sessionId: string | undefined): RenewedLease =>
  sessionId === undefined ? lease : { ...lease, sessionId };

async function succeeds(call: () => Promise<void>): Promise<boolean> {
  try {
    await call();
    return true;
  } catch {
    return false;
  }
}

/** What an engine returns is not trusted. A session that can't be read costs a session start. */
function sessionFrom(loaded: unknown): Session | null {
  try {
    return loaded === null ? null : parseSession(loaded);
  } catch {
    return null;
  }
}
