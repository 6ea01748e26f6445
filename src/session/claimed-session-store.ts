/**
 * Asks the session store of a user, which may be slow, fail or never answer. Each call has a time limit; an answer that
 * comes later is dropped. Passes the lease of each shard to a store that has `claim()`. While a shard runs it keeps its
 * lease. A shard that has stopped claims its session only for the time of one write.
 */
import type { Clock } from '../clock.ts';
import { GatewayError } from '../protocol/errors.ts';
import { onAbort } from '../protocol/on-abort.ts';
import { isObject } from '../protocol/validation.ts';
import type { Session } from './session.ts';
import type { ClaimOptions, SessionLease, SessionStore } from './session-store.ts';
import type { SnapshotStore } from './snapshot/snapshot-store.ts';
import { StoreCalls } from './store-calls.ts';

/** Whether another process has the session of the shard. */
export const isSessionInUse = (error: unknown): error is GatewayError =>
  error instanceof GatewayError && error.code === 'SESSION_IN_USE';

const isAborted = (error: unknown): boolean => error instanceof GatewayError && error.code === 'ABORTED';

export interface ClaimedSessionStoreOptions {
  readonly clock: Clock;
  /** How long each call of the store may take. */
  readonly timeoutMs: number;
  /** Receives the errors of calls that nothing waits for. */
  readonly report: (error: GatewayError, shardId: number) => void;
}

type Write = (lease?: SessionLease) => Promise<void>;

export class ClaimedSessionStore implements SessionStore, SnapshotStore {
  readonly #store: SessionStore;
  readonly #calls: StoreCalls;
  readonly #report: ClaimedSessionStoreOptions['report'];
  readonly #leases = new Map<number, SessionLease>();
  readonly #claiming = new Map<number, Promise<SessionLease>>();
  /** The shards that keep their lease. */
  readonly #kept = new Set<number>();
  /** The shards that another process has taken over. They are not claimed again before `hold()`. */
  readonly #lost = new Map<number, GatewayError>();
  /** What `claim()` rejected with last, while another process had the shard. */
  readonly #owned = new Map<number, GatewayError>();
  /** The latest write of each shard. */
  readonly #latest = new Map<number, Write>();
  #released: Promise<unknown> = Promise.resolve();

  constructor(store: SessionStore, { clock, timeoutMs, report }: ClaimedSessionStoreOptions) {
    this.#store = store;
    this.#calls = new StoreCalls(clock, timeoutMs);
    this.#report = report;
  }

  /**
   * Claims a shard and keeps it until `release()`. Resolves at once for a shard that is kept already. Rejects as
   * `SessionStore.claim()` does, and claims the shard again with the next write. While another process has the shard, a
   * claim that fails or is not answered rejects with `SESSION_IN_USE` too.
   */
  async hold(shardId: number, options: ClaimOptions = {}): Promise<void> {
    if (!this.hasOwners) return;
    this.#kept.add(shardId);
    this.#lost.delete(shardId);
    try {
      await this.#leaseOf(shardId, options);
    } catch (error) {
      if (options.signal?.aborted === true) throw error;
      throw this.#owned.get(shardId) ?? error;
    }
  }

  /** Whether the store says which process owns a session. */
  get hasOwners(): boolean {
    return this.#store.claim !== undefined;
  }

  load(shardId: number, signal?: AbortSignal): Promise<Session | null> {
    return this.#calls.run({ method: 'load', call: () => this.#store.load(shardId), signal });
  }

  save(session: Session): Promise<void> {
    return this.#write(session.shardId, 'save', (lease) => this.#store.save(session, lease));
  }

  clear(shardId: number): Promise<void> {
    return this.#write(shardId, 'clear', (lease) => this.#store.clear(shardId, lease));
  }

  /** With a signal, the caller limits the time. */
  async loadSnapshot(shardId: number, signal?: AbortSignal): Promise<Uint8Array | null> {
    const call = async (): Promise<Uint8Array | null> => (await this.#store.loadSnapshot?.(shardId)) ?? null;
    return signal === undefined ? this.#calls.run({ method: 'loadSnapshot', call }) : call();
  }

  saveSnapshot(shardId: number, bytes: Uint8Array): Promise<void> {
    return this.#writeSnapshot(shardId, 'saveSnapshot', (lease) => this.#store.saveSnapshot?.(shardId, bytes, lease));
  }

  appendSnapshot(shardId: number, bytes: Uint8Array): Promise<void> {
    return this.#writeSnapshot(shardId, 'appendSnapshot', (lease) =>
      this.#store.appendSnapshot?.(shardId, bytes, lease),
    );
  }

  clearSnapshot(shardId: number): Promise<void> {
    return this.#writeSnapshot(shardId, 'clearSnapshot', (lease) => this.#store.clearSnapshot?.(shardId, lease));
  }

  /** A write that ends after its time limit is not undone here: the next reader of the snapshot notices it. */
  #writeSnapshot(
    shardId: number,
    method: keyof SnapshotStore,
    call: (lease?: SessionLease) => Promise<void> | undefined,
  ): Promise<void> {
    return this.#perform(shardId, (lease) => this.#calls.run({ method, call: async () => call(lease) }));
  }

  /** Whether the store keeps the times of session starts. */
  get hasStarts(): boolean {
    return this.#store.loadStarts !== undefined && this.#store.saveStarts !== undefined;
  }

  async loadStarts(shardId: number): Promise<readonly number[]> {
    const times: unknown = await this.#calls.run({
      method: 'loadStarts',
      call: () => this.#store.loadStarts?.(shardId),
    });
    if (!Array.isArray(times)) throw new Error('loadStarts() of the session store returned no list');
    return times.filter((time): time is number => Number.isFinite(time));
  }

  saveStarts(shardId: number, times: readonly number[]): Promise<void> {
    return this.#calls.run({ method: 'saveStarts', call: () => this.#store.saveStarts?.(shardId, times) });
  }

  /** Waits no longer for answers of the store until `done` settles, which waits for some of them. */
  giveUpUntil(done: Promise<unknown>): Promise<void> {
    return this.#calls.giveUpUntil(done);
  }

  /** Gives up all shards. Never rejects: a lease that can't be released ends with the process. */
  async release(): Promise<void> {
    this.#kept.clear();
    this.#owned.clear();
    await Promise.allSettled(this.#claiming.values());
    const unkept = [...this.#leases.keys()].filter((shardId) => !this.#kept.has(shardId));
    await Promise.all(unkept.map((shardId) => this.#giveUp(shardId)));
    await this.#released;
  }

  async #write(shardId: number, method: 'save' | 'clear', call: Write): Promise<void> {
    const write: Write = (lease) =>
      this.#calls.run({ method, call: () => call(lease), onLate: () => this.#repeatAfter(shardId, write) });
    this.#latest.set(shardId, write);
    await this.#perform(shardId, write);
  }

  async #perform(shardId: number, write: Write): Promise<void> {
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

  /** A write ended after its time limit. It may have undone a later one, so the latest is repeated. */
  #repeatAfter(shardId: number, late: Write): void {
    const latest = this.#latest.get(shardId);
    if (latest === undefined || latest === late) return;
    // If this fails too, the next write says so.
    void this.#perform(shardId, latest).catch(() => undefined);
  }

  async #leaseOf(shardId: number, options: ClaimOptions = {}): Promise<SessionLease> {
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

  #startClaim(shardId: number, options: ClaimOptions): Promise<SessionLease> {
    const claiming = this.#claim(shardId, options);
    const forget = (): void => void this.#claiming.delete(shardId);
    this.#claiming.set(shardId, claiming);
    claiming.then(forget, forget);
    return claiming;
  }

  async #claim(shardId: number, { takeOver, signal }: ClaimOptions): Promise<SessionLease> {
    const abort = new AbortController();
    const stopListening = onAbort(signal, () => abort.abort(signal?.reason));
    const options = { ...(takeOver === undefined ? {} : { takeOver }), signal: abort.signal };
    try {
      const lease = await this.#calls.run({
        method: 'claim',
        call: async () => leaseFrom(await this.#store.claim?.(shardId, options)),
        onLate: (late) => this.#onLateLease(shardId, late),
        signal,
      });
      this.#leases.set(shardId, lease);
      this.#owned.delete(shardId);
      return lease;
    } catch (error) {
      abort.abort(error);
      if (isSessionInUse(error)) this.#owned.set(shardId, error);
      throw error;
    } finally {
      stopListening();
    }
  }

  /** A lease that comes late, and is newer than the one that a further claim got, has made that one worthless. */
  #onLateLease(shardId: number, late: SessionLease): void {
    const held = this.#leases.get(shardId);
    if (held !== undefined && late.fence > held.fence) this.#leases.set(shardId, late);
    else void this.#releaseLease(shardId, late);
  }

  async #giveUp(shardId: number): Promise<void> {
    const lease = this.#leases.get(shardId);
    if (lease === undefined) return;
    this.#leases.delete(shardId);
    const released = this.#releaseLease(shardId, lease);
    this.#released = Promise.all([this.#released, released]);
    await released;
  }

  /** Never rejects. */
  async #releaseLease(shardId: number, lease: SessionLease): Promise<void> {
    try {
      await this.#calls.run({ method: 'release', call: () => lease.release() });
    } catch (cause) {
      const message = `the session of shard ${shardId} could not be given to the next process`;
      this.#report(new GatewayError('SESSION_STORE_FAILED', message, { cause }), shardId);
    }
  }
}

const isLease = (value: unknown): value is SessionLease => isObject(value) && typeof value['release'] === 'function';

function leaseFrom(value: unknown): SessionLease {
  if (!isLease(value)) throw new Error('claim() of the session store returned no lease with release()');
  return value;
}
