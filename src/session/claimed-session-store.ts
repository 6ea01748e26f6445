/**
 * Asks the session store of a user, which may be slow, fail or never answer. Each call has a time limit; an answer that
 * comes later is dropped. Passes the lease of each shard to a store that has `claim()`.
 */
import type { Clock } from '../clock.ts';
import type { GatewayError } from '../protocol/errors.ts';
import { LACKS_SESSION, lacksSession } from './lacks-session.ts';
import { savesAtOnce } from './saves-at-once.ts';
import type { ForwardingSessionStore } from './lacks-session.ts';
import type { Session } from './session.ts';
import type { ClaimOptions, SessionLease, SessionStore } from './session-store.ts';
import { ShardLeases, isSessionInUse } from './shard-leases.ts';
import type { SnapshotStore } from './snapshot/snapshot-store.ts';
import { StoreCalls } from './store-calls.ts';

export interface ClaimedSessionStoreOptions {
  readonly clock: Clock;
  /** How long each call of the store may take. */
  readonly timeoutMs: number;
  /** Receives the errors of calls that nothing waits for. */
  readonly report: (error: GatewayError, shardId: number) => void;
}

/** A call that changes what the store has. */
interface Write {
  readonly call: (lease?: SessionLease) => Promise<void>;
  /** The interruptions of the shard when the write began; `null` while a shard runs without the lease it should have. */
  interruptions: number | null;
}

export class ClaimedSessionStore implements ForwardingSessionStore, SnapshotStore {
  readonly #store: SessionStore;
  readonly #calls: StoreCalls;
  /** `null` for a store without `claim()`: each shard has a store of its own, and would hold them for nothing. */
  readonly #leases: ShardLeases | null;
  /** The latest write of each shard. Created with the first. */
  #latest: Map<number, Write> | null = null;
  /** The shards whose latest write has to be repeated. Created when a write comes late, as the next one. */
  #outdated: Set<number> | null = null;
  #repeating: Set<number> | null = null;

  constructor(store: SessionStore, { clock, timeoutMs, report }: ClaimedSessionStoreOptions) {
    this.#store = store;
    this.#calls = new StoreCalls(clock, timeoutMs);
    this.#leases =
      store.claim === undefined
        ? null
        : new ShardLeases({ store, calls: this.#calls, report, onRegained: (shardId) => this.#repeatLatest(shardId) });
  }

  /**
   * Claims a shard and keeps it until `release()`. Resolves at once for a shard that is kept already: with `true` if
   * another owner has had the shard since the last call, so that its session in memory is outdated. Rejects as
   * `SessionStore.claim()` does, and claims the shard again with the next write. While another process has the shard, a
   * claim that fails or is not answered rejects with `SESSION_IN_USE` too.
   */
  async hold(shardId: number, options: ClaimOptions = {}): Promise<boolean> {
    return this.#leases !== null && this.#leases.hold(shardId, options);
  }

  /** Whether the store says which process owns a session. */
  get hasOwners(): boolean {
    return this.#leases !== null;
  }

  /** Whether the shard keeps its lease, or needs none. */
  isHeld(shardId: number): boolean {
    return this.#leases === null || this.#leases.isHeld(shardId);
  }

  load(shardId: number, signal?: AbortSignal): Promise<Session | null> {
    return this.#calls.run({ method: 'load', call: () => this.#store.load(shardId), signal });
  }

  [LACKS_SESSION](shardId: number): boolean {
    return !this.hasOwners && lacksSession(this.#store, shardId);
  }

  save(session: Session): Promise<void> {
    // Nothing can come late, fail in between or belong to another process.
    if (this.#leases === null && savesAtOnce(this.#store)) return this.#store.save(session);
    return this.#write(session.shardId, 'save', (lease) => this.#store.save(session, lease));
  }

  clear(shardId: number): Promise<void> {
    return this.#write(shardId, 'clear', (lease) => this.#store.clear(shardId, lease));
  }

  /** Claims a shard that does not run here for `work`, which decides by what the store has then. */
  async withClaim(shardId: number, work: () => Promise<void>): Promise<void> {
    const leases = this.#leases;
    if (leases === null) return work();
    await leases.claimAnew(shardId);
    try {
      return await work();
    } finally {
      await leases.giveUpUnkept(shardId);
    }
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
    return this.#perform(shardId, this.#createWrite(shardId, { method, call: async (lease) => call(lease) }));
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

  /** Gives up all shards except `running`. Never rejects: a lease that can't be released ends with the process. */
  async release(running?: ReadonlySet<number>): Promise<void> {
    await this.#leases?.release(running);
  }

  async #write(shardId: number, method: 'save' | 'clear', call: Write['call']): Promise<void> {
    const write = this.#createWrite(shardId, {
      method,
      call,
      // It may have undone a later one.
      onLate: () => (this.#latest?.get(shardId) === write ? undefined : this.#repeatLatest(shardId)),
    });
    (this.#latest ??= new Map()).set(shardId, write);
    await this.#perform(shardId, write);
  }

  #createWrite(
    shardId: number,
    { method, call, onLate }: { method: string; call: Write['call']; onLate?: () => void },
  ): Write {
    const leases = this.#leases;
    return {
      call: (lease) =>
        this.#calls.run({
          method,
          call: () => call(lease),
          ...(onLate === undefined ? {} : { onLate }),
          onLateError: (error) => {
            if (lease !== undefined && isSessionInUse(error)) leases?.lose(shardId, lease, error);
          },
        }),
      interruptions: leases === null || leases.isMissing(shardId) ? null : leases.interruptionsOf(shardId),
    };
  }

  async #perform(shardId: number, write: Write): Promise<void> {
    const leases = this.#leases;
    if (leases === null) return write.call();
    const refusal = leases.refusalOf(shardId);
    if (refusal !== undefined) throw refusal;
    try {
      await this.#writeWithLease(leases, shardId, write);
    } finally {
      await leases.giveUpUnkept(shardId);
    }
  }

  async #writeWithLease(leases: ShardLeases, shardId: number, write: Write): Promise<void> {
    const lease = await leases.claim(shardId);
    const interruptions = leases.interruptionsOf(shardId);
    write.interruptions ??= interruptions;
    if (write.interruptions !== interruptions) throw leases.refuseOlder(shardId, lease);
    try {
      await write.call(lease);
    } catch (error) {
      if (!isSessionInUse(error)) throw error;
      const held = leases.get(shardId);
      // A newer lease has come meanwhile.
      if (held !== undefined && held !== lease) return this.#writeWithLease(leases, shardId, write);
      leases.lose(shardId, lease, error);
      throw error;
    }
  }

  /** Repeats the latest write of a shard, and at most one at a time: a slow store would get more and more of them. */
  #repeatLatest(shardId: number): void {
    const outdated = (this.#outdated ??= new Set());
    outdated.add(shardId);
    const repeating = (this.#repeating ??= new Set());
    if (repeating.has(shardId)) return;
    repeating.add(shardId);
    void this.#repeatWhileOutdated(shardId, outdated, repeating);
  }

  async #repeatWhileOutdated(shardId: number, outdated: Set<number>, repeating: Set<number>): Promise<void> {
    while (outdated.delete(shardId)) {
      const latest = this.#latest?.get(shardId);
      // If this fails too, the next write says so.
      if (latest !== undefined) await this.#perform(shardId, latest).catch(() => undefined);
    }
    // In the same step as the last look: a write that is outdated after it is repeated anew.
    repeating.delete(shardId);
  }
}
