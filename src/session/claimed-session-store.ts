/**
 * Passes the lease of each shard to a store that has `claim()`, and does nothing for a store that has none. While a
 * shard runs it keeps its lease. A shard that has stopped claims its session only for the time of one write.
 */
import { GatewayError } from '../protocol/errors.ts';
import type { Session } from './session.ts';
import type { ClaimOptions, SessionLease, SessionStore } from './session-store.ts';

/** Whether another process has the session of the shard. */
export const isSessionInUse = (error: unknown): error is GatewayError =>
  error instanceof GatewayError && error.code === 'SESSION_IN_USE';

export class ClaimedSessionStore implements SessionStore {
  readonly #store: SessionStore;
  readonly #leases = new Map<number, SessionLease>();
  readonly #claiming = new Map<number, Promise<SessionLease>>();
  /** The shards that keep their lease. */
  readonly #kept = new Set<number>();
  /** The shards that another process has taken over. They are not claimed again before `hold()`. */
  readonly #lost = new Map<number, GatewayError>();
  #released: Promise<unknown> = Promise.resolve();

  constructor(store: SessionStore) {
    this.#store = store;
  }

  /**
   * Claims a shard and keeps it until `release()`. Resolves at once for a shard that is kept already.
   * Rejects as `SessionStore.claim()` does, and claims the shard again with the next write.
   */
  async hold(shardId: number, options: ClaimOptions = {}): Promise<void> {
    if (!this.hasOwners) return;
    this.#kept.add(shardId);
    this.#lost.delete(shardId);
    await this.#leaseOf(shardId, options);
  }

  /** Whether the store says which process owns a session. */
  get hasOwners(): boolean {
    return this.#store.claim !== undefined;
  }

  load(shardId: number): Promise<Session | null> {
    return this.#store.load(shardId);
  }

  save(session: Session): Promise<void> {
    return this.#write(session.shardId, (lease) => this.#store.save(session, lease));
  }

  clear(shardId: number): Promise<void> {
    return this.#write(shardId, (lease) => this.#store.clear(shardId, lease));
  }

  /** Gives up all shards. Never rejects: a lease that can't be released ends with the process. */
  async release(): Promise<void> {
    this.#kept.clear();
    await Promise.allSettled(this.#claiming.values());
    const unkept = [...this.#leases.keys()].filter((shardId) => !this.#kept.has(shardId));
    await Promise.all(unkept.map((shardId) => this.#giveUp(shardId)));
    await this.#released;
  }

  async #write(shardId: number, write: (lease?: SessionLease) => Promise<void>): Promise<void> {
    if (!this.hasOwners) return write();
    const lost = this.#lost.get(shardId);
    if (lost !== undefined) throw lost;
    try {
      await write(await this.#leaseOf(shardId));
    } catch (error) {
      if (isSessionInUse(error) && this.#leases.delete(shardId)) this.#lost.set(shardId, error);
      throw error;
    } finally {
      if (!this.#kept.has(shardId)) await this.#giveUp(shardId);
    }
  }

  async #leaseOf(shardId: number, options: ClaimOptions = {}): Promise<SessionLease> {
    // Not before a release under way: it would give up the lease that this call is about to keep.
    await this.#released;
    // A claim under way does not take over.
    if (options.takeOver === true) await this.#claiming.get(shardId)?.catch(() => undefined);
    const held = this.#leases.get(shardId);
    if (held !== undefined) return held;
    return this.#claiming.get(shardId) ?? this.#startClaim(shardId, options);
  }

  #startClaim(shardId: number, options: ClaimOptions): Promise<SessionLease> {
    const claiming = this.#claim(shardId, options);
    const forget = (): void => void this.#claiming.delete(shardId);
    this.#claiming.set(shardId, claiming);
    claiming.then(forget, forget);
    return claiming;
  }

  async #claim(shardId: number, options: ClaimOptions): Promise<SessionLease> {
    const lease = await this.#store.claim?.(shardId, options);
    if (lease === undefined) throw new Error('claim() of the session store returned no lease');
    this.#leases.set(shardId, lease);
    return lease;
  }

  async #giveUp(shardId: number): Promise<void> {
    const lease = this.#leases.get(shardId);
    if (lease === undefined) return;
    this.#leases.delete(shardId);
    const released = lease.release().catch(() => undefined);
    this.#released = Promise.all([this.#released, released]);
    await released;
  }
}
