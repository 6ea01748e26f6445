/**
 * The sessions of a set of shards on their way to the store. A sequence moves with every dispatch, so it is written at
 * most once a second, and when the shards are let go; it is never ahead of what was handed out, so that a process that
 * is killed resumes with a second of repetition rather than with a loss.
 */
import type { Clock } from '../../clock.ts';
import type { GatewayError } from '../../protocol/errors.ts';
import type { Session } from '../../session/session.ts';
import { SessionWriter } from '../../session/session-writer.ts';
import type { SessionStore } from '../../session/session-store.ts';

const SAVE_INTERVAL_MS = 1_000;

export interface SessionBufferDependencies {
  readonly clock: Clock;
  readonly store: SessionStore;
  /** The oldest dispatch of a shard's session that still waits for its consumer. */
  lowestPendingSequence(entry: BufferedSession): number | null;
  report(error: GatewayError, shardId: number): void;
}

/** One shard's session. */
export class BufferedSession {
  readonly shardId: number;
  readonly writer: SessionWriter;
  session: Session | null = null;
  /** The last sequence handed out. */
  sequence = 0;
  /** What the store was told last. */
  lastWritten: Session | null = null;
  /** What the store had to say when it was asked ahead of the shard. */
  preloaded: Promise<Session | null> | null = null;
  readonly #onAdvance: (entry: BufferedSession) => void;

  constructor(shardId: number, writer: SessionWriter, onAdvance: (entry: BufferedSession) => void) {
    this.shardId = shardId;
    this.writer = writer;
    this.#onAdvance = onAdvance;
  }

  /** A dispatch was handed out. Whatever the types say, some gateways send a RESUMED without a sequence. */
  recordDelivered(sequence: unknown): void {
    if (typeof sequence !== 'number' || sequence <= this.sequence) return;
    this.sequence = sequence;
    this.#onAdvance(this);
  }
}

/** `held`: kept in memory, for those that may never come into service. `retired`: no longer anybody's business. */
type Mode = 'writing' | 'buffering' | 'discarded';

export class SessionBuffer implements SessionStore {
  readonly #dependencies: SessionBufferDependencies;
  readonly #entries = new Map<number, BufferedSession>();
  readonly #dirty = new Set<BufferedSession>();
  #mode: Mode;
  #timer: unknown = null;
  /** What the shards hand on is held back by somebody, and does not count as handed out. */
  isFrozen = false;

  constructor(dependencies: SessionBufferDependencies, mode: Mode = 'writing') {
    this.#dependencies = dependencies;
    this.#mode = mode;
  }

  entry(shardId: number): BufferedSession {
    let entry = this.#entries.get(shardId);
    if (entry === undefined) {
      const writer = new SessionWriter(this.#dependencies.store, (error) => this.#dependencies.report(error, shardId));
      entry = new BufferedSession(shardId, writer, (advanced) => this.#markDirty(advanced));
      this.#entries.set(shardId, entry);
    }
    return entry;
  }

  /** Asks the store ahead of the shard. `null` too when the store fails, which the shard is told. */
  async preload(shardId: number): Promise<Session | null> {
    if (this.#mode !== 'writing') return null;
    const entry = this.entry(shardId);
    entry.preloaded = entry.writer.load(shardId);
    return entry.preloaded.catch(() => null);
  }

  async load(shardId: number): Promise<Session | null> {
    if (this.#mode !== 'writing') return null;
    const entry = this.entry(shardId);
    const loaded = entry.preloaded ?? entry.writer.load(shardId);
    entry.preloaded = null;
    return loaded;
  }

  /** What a shard asks to be kept. Settles at once: writing is not the shard's affair. */
  async save(session: Session): Promise<void> {
    const entry = this.entry(session.shardId);
    const isNew = entry.session?.sessionId !== session.sessionId;
    entry.session = session;
    if (isNew) entry.sequence = session.sequence;
    else if (!this.isFrozen) entry.sequence = Math.max(entry.sequence, session.sequence);
    this.#markDirty(entry);
  }

  async clear(shardId: number): Promise<void> {
    const entry = this.entry(shardId);
    entry.session = null;
    entry.lastWritten = null;
    entry.preloaded = null;
    this.#dirty.delete(entry);
    if (this.#mode === 'writing') entry.writer.clear(shardId);
  }

  /** Writes what is not written yet. Settles when the store has it, or has failed. */
  async flush(): Promise<void> {
    if (this.#mode === 'writing') for (const entry of this.#entries.values()) this.#dirty.add(entry);
    this.#writeDirty();
    await Promise.all([...this.#entries.values()].map(({ writer }) => writer.flushed()));
  }

  /** From now on the sessions go to the store. */
  commit(): void {
    this.#mode = 'writing';
    for (const entry of this.#entries.values()) this.#markDirty(entry);
  }

  /** From now on nothing is written any more. */
  discard(): void {
    this.#mode = 'discarded';
    this.#dirty.clear();
    this.#dependencies.clock.clearTimeout(this.#timer);
  }

  #markDirty(entry: BufferedSession): void {
    if (this.#mode !== 'writing' || entry.session === null) return;
    this.#dirty.add(entry);
    // A session that is new is written at once: losing it would cost a session start.
    if (entry.lastWritten?.sessionId !== entry.session.sessionId) this.#writeEntry(entry);
    else this.#timer ??= this.#dependencies.clock.setTimeout(() => this.#writeDirty(), SAVE_INTERVAL_MS);
  }

  #writeDirty(): void {
    this.#dependencies.clock.clearTimeout(this.#timer);
    this.#timer = null;
    for (const entry of this.#dirty) this.#writeEntry(entry);
  }

  #writeEntry(entry: BufferedSession): void {
    this.#dirty.delete(entry);
    if (entry.session === null) return;
    const pending = this.#dependencies.lowestPendingSequence(entry);
    const sequence = pending === null ? entry.sequence : Math.min(entry.sequence, Math.max(0, pending - 1));
    if (entry.lastWritten?.sessionId === entry.session.sessionId && entry.lastWritten.sequence === sequence) return;
    entry.lastWritten = { ...entry.session, sequence };
    entry.writer.save(entry.lastWritten);
  }
}
