/**
 * Decides when the session of a shard is written to its store, for a `Shard` and for a `ShardManager` alike. The
 * sequence changes with every dispatch, so it is written at most once a second, and never ahead of the dispatches that
 * were delivered. After a kill the next process repeats at most a second, and loses nothing.
 */
import { util } from '../node-modules.ts';
import type { Clock } from '../clock.ts';
import type { GatewayError } from '../protocol/errors.ts';
import type { Session } from './session.ts';
import { SessionWriter } from './session-writer.ts';
import type { AbortableSessionStore } from './session-writer.ts';
import { JournaledSessionStore } from './snapshot/journaled-session-store.ts';
import type { SnapshotLog } from './snapshot/snapshot-log.ts';
import type { SupersededSessions } from './superseded-sessions.ts';

const SAVE_INTERVAL_MS = 1_000;

/** After most ACKs nothing has changed: it is the same object, or each field is the same value. */
function isSame(session: Session, written: Session | null): boolean {
  if (session === written) return true;
  if (session.sequence !== written?.sequence) return false;
  const names = Object.keys(session) as (keyof Session)[];
  const isIdentical =
    names.length === Object.keys(written).length && names.every((name) => session[name] === written[name]);
  return isIdentical || util.isDeepStrictEqual(session, written);
}

/** Whose session is written. */
export interface SessionSource {
  /** Returns the session to store: its sequence is never ahead of the dispatches that were delivered. */
  sessionForStore(): Session | null;
  /** Returns whether a stream holds dispatches, so that the session to store changes when they are taken. */
  hasPending(): boolean;
}

export interface SessionLedgerOptions {
  readonly clock: Clock;
  readonly store: AbortableSessionStore;
  readonly report: (error: GatewayError) => void;
  readonly source: SessionSource;
  /** The snapshot of the guilds, which is stored before each session. */
  readonly snapshots?: SnapshotLog | null;
  /** Clears the sessions of other shard counts; `null` if the store behind this one does. */
  readonly superseded?: SupersededSessions | null;
}

export class SessionLedger {
  readonly snapshots: SnapshotLog | null;
  readonly #options: SessionLedgerOptions;
  readonly #writer: SessionWriter;
  readonly #onTimer = (): void => this.#writeDue();
  /** What the store was last given, or what it returned. */
  #lastWritten: Session | null = null;
  /** How often something was written, or cleared. */
  #writes = 0;
  #timer: unknown = null;
  #isStopped = false;

  constructor(options: SessionLedgerOptions) {
    this.#options = options;
    const { snapshots = null, store, report } = options;
    this.snapshots = snapshots;
    this.#writer = new SessionWriter(snapshots === null ? store : new JournaledSessionStore(store, snapshots), report);
  }

  /** Resolves with the session that was written last. Rejects when the store rejects or throws. */
  async load(shardId: number, signal?: AbortSignal): Promise<Session | null> {
    const before = this.#writes;
    const loaded = await this.#writer.load(shardId, signal);
    this.#options.superseded?.onLoaded(loaded);
    // An answer may be so late that another session has been written since, or this one cleared.
    if (this.#writes === before) this.#lastWritten = loaded;
    return loaded;
  }

  /** Returns whether {@link load} would resolve with `null`; `false` too when the store must be asked. */
  lacksSession(shardId: number): boolean {
    return this.#writer.lacksSession(shardId);
  }

  /** What the store was last given, or what it returned. */
  get stored(): Session | null {
    return this.#lastWritten;
  }

  /** Called for every delivered dispatch: the session is written within a second. */
  advance(): void {
    if (this.#timer !== null) return;
    // The listener that was called has stopped the shard, and counts as called.
    if (this.#isStopped) this.saveNow();
    else this.#timer = this.#options.clock.setTimeout(this.#onTimer, SAVE_INTERVAL_MS);
  }

  /** Writes a new session at once, because losing it would cost a session start. A known one is written when due. */
  save(): void {
    const session = this.#sessionForStore();
    if (session === null || this.#isWritten(session)) return;
    if (session.sessionId === this.#lastWritten?.sessionId) this.advance();
    else this.#writeDue();
  }

  /** Writes the session if the store does not have it yet. */
  saveNow(): void {
    this.#clearTimer();
    const session = this.#sessionForStore();
    if (session === null || this.#isWritten(session)) return;
    const isNew = session.sessionId !== this.#lastWritten?.sessionId;
    this.#writes += 1;
    this.#lastWritten = session;
    this.#writer.save(session);
    if (isNew) this.#options.superseded?.onBegun(session, this.#writer.flushed());
  }

  clear(shardId: number): void {
    this.#forget();
    this.#writer.clear(shardId);
  }

  /** Another owner has written since: what is known here of the store is outdated, and its snapshot may be another. */
  markOutdated(): void {
    this.#forget();
    this.#writer.forgetUnwritten();
  }

  /** Writes the session a last time. Until {@link start} no timer runs. */
  stop(): void {
    this.#isStopped = true;
    this.snapshots?.stop();
    this.saveNow();
  }

  start(): void {
    this.#isStopped = false;
    this.snapshots?.start();
  }

  /** Resolves when every write is done. Never rejects. */
  flushed(): Promise<void> {
    const written = this.#writer.flushed();
    const clearing = this.#options.superseded?.clearing ?? null;
    return clearing === null ? written : clearing.then(() => written);
  }

  /** Names the snapshot that belongs to the session. What an earlier process stored may name another. */
  #sessionForStore(): Session | null {
    const session = this.#options.source.sessionForStore();
    if (session === null) return null;
    const snapshotSequence = this.snapshots?.sequenceOf(session.sessionId);
    if (snapshotSequence === session.snapshotSequence) return session;
    const { snapshotSequence: _, ...rest } = session;
    return snapshotSequence === undefined ? rest : { ...rest, snapshotSequence };
  }

  #writeDue(): void {
    this.saveNow();
    // A consumer that takes what a stream holds reports nothing, so the ledger looks again.
    if (this.#options.source.hasPending()) this.advance();
  }

  #isWritten(session: Session): boolean {
    return !this.#writer.hasFailed && isSame(session, this.#lastWritten);
  }

  #forget(): void {
    this.#clearTimer();
    this.#writes += 1;
    this.#lastWritten = null;
    this.snapshots?.reset();
  }

  #clearTimer(): void {
    this.#options.clock.clearTimeout(this.#timer);
    this.#timer = null;
  }
}
