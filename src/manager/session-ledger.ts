/**
 * The sessions of a set of shards on their way to the store. A sequence moves with every dispatch, so it is written at
 * most once a second, and when the shards are let go; it is never ahead of what was handed out, so that a process that
 * is killed resumes with a second of repetition rather than with a loss.
 */
import type { Clock } from '../clock.ts';
import type { GatewayError } from '../protocol/errors.ts';
import type { Session } from '../session/session.ts';
import { SessionKeeper } from '../session/session-keeper.ts';
import type { SessionStore } from '../session/session-store.ts';

const SAVE_INTERVAL_MS = 1_000;

export interface LedgerHost {
  readonly clock: Clock;
  readonly store: SessionStore;
  /** The oldest dispatch of a shard's session that still waits for its consumer. */
  oldestWaiting(row: LedgerRow): number | null;
  report(error: GatewayError, shardId: number): void;
}

/** One shard's session. */
export class LedgerRow {
  readonly shardId: number;
  readonly keeper: SessionKeeper;
  session: Session | null = null;
  /** The last sequence handed out. */
  sequence = 0;
  /** What the store was told last. */
  written: Session | null = null;
  /** What the store had to say when it was asked ahead of the shard. */
  preloaded: Promise<Session | null> | null = null;
  readonly #moved: (row: LedgerRow) => void;

  constructor(shardId: number, keeper: SessionKeeper, moved: (row: LedgerRow) => void) {
    this.shardId = shardId;
    this.keeper = keeper;
    this.#moved = moved;
  }

  /** A dispatch was handed out. Whatever the types say, some gateways send a RESUMED without a sequence. */
  advance(sequence: unknown): void {
    if (typeof sequence !== 'number' || sequence <= this.sequence) return;
    this.sequence = sequence;
    this.#moved(this);
  }
}

/** `held`: kept in memory, for those that may never come into service. `retired`: no longer anybody's business. */
type Mode = 'open' | 'held' | 'retired';

export class SessionLedger implements SessionStore {
  readonly #host: LedgerHost;
  readonly #rows = new Map<number, LedgerRow>();
  readonly #dirty = new Set<LedgerRow>();
  #mode: Mode;
  #timer: unknown = null;
  /** What the shards hand on is held back by somebody, and does not count as handed out. */
  isFrozen = false;

  constructor(host: LedgerHost, mode: Mode = 'open') {
    this.#host = host;
    this.#mode = mode;
  }

  row(shardId: number): LedgerRow {
    let row = this.#rows.get(shardId);
    if (row === undefined) {
      const keeper = new SessionKeeper(this.#host.store, (error) => this.#host.report(error, shardId));
      row = new LedgerRow(shardId, keeper, (moved) => this.#mark(moved));
      this.#rows.set(shardId, row);
    }
    return row;
  }

  /** Asks the store ahead of the shard. `null` too when the store fails, which the shard is told. */
  async preload(shardId: number): Promise<Session | null> {
    if (this.#mode !== 'open') return null;
    const row = this.row(shardId);
    row.preloaded = row.keeper.load(shardId);
    return row.preloaded.catch(() => null);
  }

  async load(shardId: number): Promise<Session | null> {
    if (this.#mode !== 'open') return null;
    const row = this.row(shardId);
    const loaded = row.preloaded ?? row.keeper.load(shardId);
    row.preloaded = null;
    return loaded;
  }

  /** What a shard asks to be kept. Settles at once: writing is not the shard's affair. */
  async save(session: Session): Promise<void> {
    const row = this.row(session.shardId);
    const isNew = row.session?.sessionId !== session.sessionId;
    row.session = session;
    if (isNew) row.sequence = session.sequence;
    else if (!this.isFrozen) row.sequence = Math.max(row.sequence, session.sequence);
    this.#mark(row);
  }

  async clear(shardId: number): Promise<void> {
    const row = this.row(shardId);
    row.session = null;
    row.written = null;
    row.preloaded = null;
    this.#dirty.delete(row);
    if (this.#mode === 'open') row.keeper.clear(shardId);
  }

  /** Writes what is not written yet. Settles when the store has it, or has failed. */
  async flush(): Promise<void> {
    if (this.#mode === 'open') for (const row of this.#rows.values()) this.#dirty.add(row);
    this.#write();
    await Promise.all([...this.#rows.values()].map(({ keeper }) => keeper.settled()));
  }

  /** From now on the sessions go to the store. */
  open(): void {
    this.#mode = 'open';
    for (const row of this.#rows.values()) this.#mark(row);
  }

  /** From now on nothing is written any more. */
  retire(): void {
    this.#mode = 'retired';
    this.#dirty.clear();
    this.#host.clock.clearTimeout(this.#timer);
  }

  #mark(row: LedgerRow): void {
    if (this.#mode !== 'open' || row.session === null) return;
    this.#dirty.add(row);
    // A session that is new is written at once: losing it would cost a session start.
    if (row.written?.sessionId !== row.session.sessionId) this.#writeRow(row);
    else this.#timer ??= this.#host.clock.setTimeout(() => this.#write(), SAVE_INTERVAL_MS);
  }

  #write(): void {
    this.#host.clock.clearTimeout(this.#timer);
    this.#timer = null;
    for (const row of this.#dirty) this.#writeRow(row);
  }

  #writeRow(row: LedgerRow): void {
    this.#dirty.delete(row);
    if (row.session === null) return;
    const waiting = this.#host.oldestWaiting(row);
    const sequence = waiting === null ? row.sequence : Math.min(row.sequence, Math.max(0, waiting - 1));
    if (row.written?.sessionId === row.session.sessionId && row.written.sequence === sequence) return;
    row.written = { ...row.session, sequence };
    row.keeper.save(row.written);
  }
}
