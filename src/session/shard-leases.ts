/**
 * The leases of this process, one for each shard. While a shard runs it keeps its lease. A shard that has stopped claims
 * its session only for the time of one write, unless the fence shows that another owner has had the shard since.
 */
import { GatewayError } from '../protocol/errors.ts';
import { onAbort } from '../protocol/on-abort.ts';
import { isObject } from '../protocol/validation.ts';
import type { ClaimOptions, SessionLease, SessionStore } from './session-store.ts';
import type { StoreCalls } from './store-calls.ts';

/** Whether another process has the session of the shard. */
export const isSessionInUse = (error: unknown): error is GatewayError =>
  error instanceof GatewayError && error.code === 'SESSION_IN_USE';

const isAborted = (error: unknown): boolean => error instanceof GatewayError && error.code === 'ABORTED';

export interface ShardLeasesOptions {
  readonly store: SessionStore;
  readonly calls: StoreCalls;
  /** Receives the errors of calls that nothing waits for. */
  readonly report: (error: GatewayError, shardId: number) => void;
  /** Called when a shard whose lease was refused has a newer one. */
  readonly onRegained: (shardId: number) => void;
}

const NONE: ReadonlySet<number> = new Set();

interface LostLease {
  readonly fence: number;
  /** What the store refused a write with. */
  readonly error: GatewayError;
}

export class ShardLeases {
  readonly #options: ShardLeasesOptions;
  readonly #leases = new Map<number, SessionLease>();
  readonly #claiming = new Map<number, Promise<SessionLease>>();
  /** The shards that keep their lease. */
  readonly #kept = new Set<number>();
  /** The shards whose lease was refused. They are not claimed again before `hold()`. */
  readonly #lost = new Map<number, LostLease>();
  /** What `claim()` rejected with last, while another process had the shard. */
  readonly #owned = new Map<number, GatewayError>();
  /** The highest fence that each shard has had here. */
  readonly #fences = new Map<number, number>();
  /** How often another owner has had each shard between two leases: the fence of the second was not the next one. */
  readonly #interruptions = new Map<number, number>();
  /** The shards that another owner has had since they were last held. */
  readonly #interrupted = new Set<number>();
  /** The shards that have stopped, and ran without a lease because the store failed: who had them since is not known. */
  readonly #unleased = new Set<number>();
  #released: Promise<unknown> = Promise.resolve();

  constructor(options: ShardLeasesOptions) {
    this.#options = options;
  }

  /** See `ClaimedSessionStore.hold()`. */
  async hold(shardId: number, options: ClaimOptions): Promise<boolean> {
    this.#kept.add(shardId);
    this.#lost.delete(shardId);
    this.#unleased.delete(shardId);
    try {
      await this.claim(shardId, options);
    } catch (error) {
      if (options.signal?.aborted === true) throw error;
      throw this.#owned.get(shardId) ?? error;
    }
    return this.#interrupted.delete(shardId);
  }

  /** Returns the lease of a shard, also one for a single write. */
  get(shardId: number): SessionLease | undefined {
    return this.#leases.get(shardId);
  }

  /** Whether a shard keeps its lease. */
  isHeld(shardId: number): boolean {
    return this.#kept.has(shardId) && this.#leases.has(shardId);
  }

  /** Whether a shard that runs has no lease, because the store failed when it was claimed. */
  isMissing(shardId: number): boolean {
    const isWaiting = this.#claiming.has(shardId) || this.#owned.has(shardId);
    return this.#kept.has(shardId) && !this.#leases.has(shardId) && !isWaiting;
  }

  /** Returns how often another owner has had the shard between two leases. */
  interruptionsOf(shardId: number): number {
    return this.#interruptions.get(shardId) ?? 0;
  }

  /** Returns what the store refused the last write of a shard with, until `hold()` claims the shard again. */
  refusalOf(shardId: number): GatewayError | undefined {
    return this.#lost.get(shardId)?.error;
  }

  /**
   * Returns the error of a write that began before another owner had the shard, and may undo what that owner has stored.
   * A shard that has stopped writes no more: it only finishes what it had begun.
   */
  refuseOlder(shardId: number, { fence }: SessionLease): GatewayError {
    const message = `another owner has had shard ${shardId} since, so its old session is not stored`;
    const error = new GatewayError('SESSION_IN_USE', message);
    if (!this.#kept.has(shardId)) this.#lost.set(shardId, { fence, error });
    return error;
  }

  /** The store has refused a lease. */
  lose(shardId: number, lease: SessionLease, error: GatewayError): void {
    if (this.#leases.get(shardId) !== lease) return;
    this.#leases.delete(shardId);
    this.#lost.set(shardId, { fence: lease.fence, error });
  }

  /** Resolves with the lease of a shard, which is claimed if the shard has none. */
  async claim(shardId: number, options: ClaimOptions = {}): Promise<SessionLease> {
    // Not before a release under way: it would give up the lease that this call is about to keep.
    await this.#released;
    // A claim under way does not take over.
    if (options.takeOver === true) await this.#claiming.get(shardId)?.catch(() => undefined);
    const held = this.#leases.get(shardId);
    if (held !== undefined) return held;
    try {
      const claiming = this.#claiming.get(shardId);
      if (claiming !== undefined) return await claiming;
    } catch (error) {
      // The one who started it has given it up, not this call.
      if (!isAborted(error)) throw error;
    }
    return this.#startClaim(shardId, options);
  }

  /** Claims a shard that does not run here for a write that is decided now: what was refused before was older. */
  claimAnew(shardId: number): Promise<SessionLease> {
    if (!this.#kept.has(shardId)) this.#lost.delete(shardId);
    return this.claim(shardId);
  }

  /** Gives up all shards except `running`. Never rejects: a lease that can't be released ends with the process. */
  async release(running: ReadonlySet<number> = NONE): Promise<void> {
    for (const shardId of this.#kept) {
      if (running.has(shardId)) continue;
      this.#kept.delete(shardId);
      if (!this.#fences.has(shardId)) this.#unleased.add(shardId);
    }
    this.#owned.clear();
    await Promise.allSettled(this.#claiming.values());
    await Promise.all([...this.#leases.keys()].map((shardId) => this.giveUpUnkept(shardId)));
    await this.#released;
  }

  /** Never rejects. */
  async giveUpUnkept(shardId: number): Promise<void> {
    const lease = this.#leases.get(shardId);
    if (lease === undefined || this.#kept.has(shardId)) return;
    this.#leases.delete(shardId);
    await this.#release(shardId, lease);
  }

  #startClaim(shardId: number, options: ClaimOptions): Promise<SessionLease> {
    const claiming = this.#claim(shardId, options);
    const forget = (): void => void this.#claiming.delete(shardId);
    this.#claiming.set(shardId, claiming);
    claiming.then(forget, forget);
    return claiming;
  }

  async #claim(shardId: number, { takeOver, signal }: ClaimOptions): Promise<SessionLease> {
    const { store, calls } = this.#options;
    const abort = new AbortController();
    const stopListening = onAbort(signal, () => abort.abort(signal?.reason));
    const options = { ...(takeOver === undefined ? {} : { takeOver }), signal: abort.signal };
    try {
      const lease = await calls.run({
        method: 'claim',
        call: async () => leaseFrom(await store.claim?.(shardId, options)),
        onLate: (late) => this.#onLate(shardId, late),
        signal,
      });
      this.#owned.delete(shardId);
      const late = this.#leases.get(shardId);
      if (late !== undefined && late.fence > lease.fence) return late;
      this.#countInterruption(shardId, lease);
      this.#leases.set(shardId, lease);
      return lease;
    } catch (error) {
      abort.abort(error);
      const late = this.#leases.get(shardId);
      if (late !== undefined && !isAborted(error)) return late;
      if (isSessionInUse(error)) this.#owned.set(shardId, error);
      throw error;
    } finally {
      stopListening();
    }
  }

  /** A lease that comes late has made all older ones worthless, so a shard that has or wants one continues with it. */
  #onLate(shardId: number, late: SessionLease): void {
    const lost = this.#kept.has(shardId) ? this.#lost.get(shardId) : undefined;
    const fence = this.#leases.get(shardId)?.fence ?? lost?.fence;
    const isWanted = fence === undefined ? this.#claiming.has(shardId) : late.fence > fence;
    this.#recordFence(shardId, late);
    if (!isWanted) return void this.#release(shardId, late);
    this.#leases.set(shardId, late);
    if (lost === undefined) return;
    this.#lost.delete(shardId);
    this.#options.onRegained(shardId);
  }

  #countInterruption(shardId: number, lease: SessionLease): void {
    const wasUnleased = this.#unleased.delete(shardId);
    if (this.#recordFence(shardId, lease) || (wasUnleased && lease.fence > 1))
      this.#interruptions.set(shardId, this.interruptionsOf(shardId) + 1);
  }

  /** Returns whether another owner has had the shard since the last lease. */
  #recordFence(shardId: number, { fence }: SessionLease): boolean {
    const before = this.#fences.get(shardId) ?? fence;
    const isInterrupted = fence > before + 1;
    if (isInterrupted) this.#interrupted.add(shardId);
    this.#fences.set(shardId, Math.max(fence, before));
    return isInterrupted;
  }

  /** Never rejects. */
  async #release(shardId: number, lease: SessionLease): Promise<void> {
    const released = this.#callRelease(shardId, lease);
    this.#released = Promise.all([this.#released, released]);
    await released;
  }

  /** Never rejects. */
  async #callRelease(shardId: number, lease: SessionLease): Promise<void> {
    try {
      await this.#options.calls.run({ method: 'release', call: () => lease.release() });
    } catch (cause) {
      const message = `the session of shard ${shardId} could not be given to the next process`;
      this.#options.report(new GatewayError('SESSION_STORE_FAILED', message, { cause }), shardId);
    }
  }
}

const isLease = (value: unknown): value is SessionLease => isObject(value) && typeof value['release'] === 'function';

function leaseFrom(value: unknown): SessionLease {
  if (!isLease(value)) throw new Error('claim() of the session store returned no lease with release()');
  return value;
}
