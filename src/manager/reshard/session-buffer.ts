/**
 * Buffers the sessions of a set of shards on their way to the store. The shards report their sessions, and the manager
 * how far it has delivered: a hand-over holds dispatches back, and so may a thread. A ledger per shard decides when to
 * write.
 */
import type { Clock } from '../../clock.ts';
import type { GatewayError } from '../../protocol/errors.ts';
import type { ClaimedSessionStore } from '../../session/claimed-session-store.ts';
import { deliveredBefore, parseSession } from '../../session/session.ts';
import type { Session } from '../../session/session.ts';
import { LACKS_SESSION } from '../../session/lacks-session.ts';
import type { ForwardingSessionStore } from '../../session/lacks-session.ts';
import { SAVES_AT_ONCE } from '../../session/saves-at-once.ts';
import { SessionLedger } from '../../session/session-ledger.ts';
import type { SessionOrigin } from '../../session/session-origin.ts';
import { SnapshotLog } from '../../session/snapshot/snapshot-log.ts';
import type { AbortableSnapshotStore } from '../../session/snapshot/snapshot-log.ts';
import { RECORD_CHANGE } from '../../session/snapshot/snapshot-store.ts';
import type { SnapshotRecorder } from '../../session/snapshot/snapshot-store.ts';
import type { StoredShard } from '../../session/superseded-sessions.ts';
import { SupersededSessions } from '../../session/superseded-sessions.ts';

export interface SessionBufferDependencies {
  readonly clock: Clock;
  readonly store: ClaimedSessionStore;
  /** Keeps the guilds of each shard; `null` without `warmStart`. */
  readonly snapshots?: AbortableSnapshotStore | null;
  /** What the sessions of this bot belong to. */
  readonly origin: SessionOrigin;
  /** Returns the oldest sequence of a shard's session that waits in a stream; `null` if none does. */
  lowestPendingSequence(entry: BufferedSession): number | null;
  /** Drops what waits in streams of a shard's session. */
  dropPending?(entry: BufferedSession): void;
  report(error: GatewayError, shardId: number): void;
}

/** One shard's session. */
export class BufferedSession {
  readonly shardId: number;
  readonly ledger: SessionLedger;
  session: Session | null = null;
  /** The last sequence delivered. */
  sequence = 0;
  /** What the store returned before the shard was started. */
  preloaded: Promise<Session | null> | null = null;
  /** What the shard has asked the store for last; `null` once it is cleared. */
  loading: Promise<Session | null> | null = null;
  /** Whether it returned none, and the shard has had none since. */
  hasNone = false;

  constructor(shardId: number, createLedger: (entry: BufferedSession) => SessionLedger) {
    this.shardId = shardId;
    this.ledger = createLedger(this);
  }

  /**
   * READY came. The store gets the session after READY was delivered, but READY belongs to it already: in a stream it
   * would else wait as a dispatch of the session before, and count as delivered.
   */
  begin(session: Session | null): void {
    if (session === null || session.sessionId === this.session?.sessionId) return;
    this.session = session;
    this.sequence = 0;
  }

  /** Records a delivered dispatch. Despite the types, some gateways send a RESUMED without a sequence. */
  recordDelivered(sequence: unknown): void {
    if (typeof sequence !== 'number' || sequence <= this.sequence) return;
    this.sequence = sequence;
    this.ledger.advance();
  }

  /** The store returned the session that the shard is about to resume. */
  restore(loaded: unknown): void {
    if (this.session !== null || loaded === null) return;
    try {
      this.session = parseSession(loaded);
      this.sequence = this.session.sequence;
    } catch {
      // The shard gets it too, and reports it.
    }
  }
}

/** What becomes of dispatches that wait in streams when their shard leaves. */
export type PendingDispatches = 'keep' | 'drop';

/** `buffering`: kept in memory, for a set that may never be in service. `discarded`: never written any more. */
type Mode = 'writing' | 'buffering' | 'discarded';

export class SessionBuffer implements SnapshotRecorder, ForwardingSessionStore {
  readonly #dependencies: SessionBufferDependencies;
  readonly #entries = new Map<number, BufferedSession>();
  readonly #superseded: SupersededSessions;
  #mode: Mode;
  /** The shards that have left, and whose dispatches are still delivered here. */
  readonly #kept = new WeakSet<BufferedSession>();
  /** While a hand-over defers the dispatches of the shards, they do not count as delivered. */
  isFrozen = false;

  /** Whether the sessions belong to the set in service, which writes them to the store. */
  get isWriting(): boolean {
    return this.#mode === 'writing';
  }

  constructor(dependencies: SessionBufferDependencies, mode: Mode = 'writing') {
    this.#dependencies = dependencies;
    this.#mode = mode;
    const { store, snapshots = null, origin } = dependencies;
    this.#superseded = new SupersededSessions({
      store,
      clearSnapshot: snapshots === null ? null : (shardId) => snapshots.clearSnapshot(shardId),
      origin,
      own: (shardId) => this.#storedOf(shardId),
      isCleared: () => true,
    });
  }

  entry(shardId: number): BufferedSession {
    let entry = this.#entries.get(shardId);
    if (entry === undefined) {
      entry = new BufferedSession(shardId, (created) => this.#createLedger(created));
      this.#entries.set(shardId, entry);
    }
    return entry;
  }

  /** Whether an entry is that of a shard that is still here. */
  has(entry: BufferedSession): boolean {
    return this.#entries.get(entry.shardId) === entry;
  }

  /** Loads a session before its shard is started. Also `null` when the store fails: the shard then gets the error. */
  async preload(shardId: number): Promise<Session | null> {
    if (this.#mode !== 'writing') return null;
    const entry = this.entry(shardId);
    entry.preloaded = entry.ledger.load(shardId);
    try {
      const session = await entry.preloaded;
      entry.hasNone = session === null && entry.session === null;
      return session;
    } catch {
      return null;
    }
  }

  [LACKS_SESSION](shardId: number): boolean {
    return this.#mode !== 'writing' || this.#entries.get(shardId)?.hasNone === true;
  }

  async load(shardId: number): Promise<Session | null> {
    if (this.#mode !== 'writing') return null;
    const entry = this.entry(shardId);
    const loading = entry.preloaded ?? entry.ledger.load(shardId);
    entry.preloaded = null;
    entry.loading = loading;
    const loaded = await loading;
    // The session was cleared before this answer came.
    if (entry.loading !== loading) return null;
    entry.restore(loaded);
    return loaded;
  }

  /** Resolves with the snapshot that belongs to the session of a shard. The shard goes on from there. */
  async loadSnapshot(shardId: number, signal?: AbortSignal): Promise<Uint8Array | null> {
    const { session, ledger } = this.entry(shardId);
    if (session === null || ledger.snapshots === null) return null;
    return (await ledger.snapshots.load(session, signal)).bytes;
  }

  [RECORD_CHANGE](shardId: number, frame: Buffer): void {
    if (this.#mode !== 'discarded') this.entry(shardId).ledger.snapshots?.record(frame);
  }

  readonly [SAVES_AT_ONCE] = true;

  /** Resolves at once: a shard does not wait for the store. */
  async save(session: Session): Promise<void> {
    const entry = this.entry(session.shardId);
    const isNew = entry.session?.sessionId !== session.sessionId;
    entry.session = session;
    entry.preloaded = null;
    entry.hasNone = false;
    if (isNew) entry.sequence = session.sequence;
    else if (!this.isFrozen) entry.sequence = Math.max(entry.sequence, session.sequence);
    entry.ledger.save();
  }

  async clear(shardId: number): Promise<void> {
    const entry = this.entry(shardId);
    entry.session = null;
    entry.preloaded = null;
    entry.loading = null;
    if (this.#mode === 'writing') entry.ledger.clear(shardId);
    else entry.ledger.snapshots?.reset();
  }

  /** Another owner has had a shard since: its session here is outdated, and what waits of it was that owner's. */
  markOutdated(shardId: number): void {
    const entry = this.entry(shardId);
    this.#dependencies.dropPending?.(entry);
    entry.session = null;
    entry.preloaded = null;
    entry.ledger.markOutdated();
  }

  /** Called before the shards are started. */
  start(): void {
    for (const { ledger } of this.#entries.values()) ledger.start();
  }

  /** Writes all sessions. Resolves when the store has them, or has failed. From now on no timer runs. */
  async stop(): Promise<void> {
    for (const { ledger } of this.#entries.values()) ledger.stop();
    await Promise.all([...this.#entries.values()].map(({ ledger }) => ledger.flushed()));
  }

  /**
   * Writes the session of a shard, and forgets it. Resolves when the store has it, or has failed. What still waits in
   * streams is delivered here (`keep`), or by the next owner of the session (`drop`).
   */
  async release(shardId: number, pending: PendingDispatches): Promise<void> {
    const entry = this.entry(shardId);
    const { ledger } = entry;
    if (pending === 'drop') {
      entry.sequence = deliveredBefore(entry.sequence, this.#dependencies.lowestPendingSequence(entry));
      this.#dependencies.dropPending?.(entry);
    } else this.#kept.add(entry);
    this.#entries.delete(shardId);
    ledger.stop();
    await ledger.flushed();
  }

  /** Writes the sessions to the store from now on. */
  commit(): void {
    this.#mode = 'writing';
    // The caller delivers what the hand-over held back in this turn. Before, the sequence would be ahead of it.
    queueMicrotask(() => {
      for (const { ledger } of this.#entries.values()) ledger.saveNow();
    });
  }

  /** Writes nothing any more. */
  discard(): void {
    this.#mode = 'discarded';
    for (const { ledger } of this.#entries.values()) {
      ledger.stop();
      ledger.snapshots?.reset();
    }
  }

  #storedOf(shardId: number): StoredShard | null {
    const entry = this.#entries.get(shardId);
    return entry === undefined ? null : { stored: entry.ledger.stored, clear: () => void this.clear(shardId) };
  }

  #createLedger(entry: BufferedSession): SessionLedger {
    const { clock, store, snapshots = null } = this.#dependencies;
    const { shardId } = entry;
    const report = (error: GatewayError): void => this.#dependencies.report(error, shardId);
    const mayWrite = (): boolean => this.#mode === 'writing';
    const lowestPending = (): number | null =>
      this.#kept.has(entry) ? null : this.#dependencies.lowestPendingSequence(entry);
    return new SessionLedger({
      clock,
      store,
      report,
      source: {
        sessionForStore: () => {
          if (!mayWrite() || entry.session === null) return null;
          return { ...entry.session, sequence: deliveredBefore(entry.sequence, lowestPending()) };
        },
        hasPending: () => mayWrite() && lowestPending() !== null,
      },
      snapshots: snapshots === null ? null : new SnapshotLog({ shardId, store: snapshots, report, mayWrite }),
      superseded: this.#superseded,
    });
  }
}
