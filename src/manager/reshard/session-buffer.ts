/**
 * Buffers the sessions of a set of shards on their way to the store. The sequence changes with every dispatch, so it is
 * written at most once a second, and when the shards are closed. It is never ahead of the last delivered dispatch:
 * after a kill, the next process repeats about a second rather than losing events.
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
  /** Returns the oldest sequence of a shard's session that waits in a stream; `null` if none does. */
  lowestPendingSequence(entry: BufferedSession): number | null;
  report(error: GatewayError, shardId: number): void;
}

/** One shard's session. */
export class BufferedSession {
  readonly shardId: number;
  readonly writer: SessionWriter;
  session: Session | null = null;
  /** The last sequence delivered. */
  sequence = 0;
  /** What was last written to the store. */
  lastWritten: Session | null = null;
  /** What the store returned before the shard was started. */
  preloaded: Promise<Session | null> | null = null;
  readonly #onAdvance: (entry: BufferedSession) => void;

  constructor(shardId: number, writer: SessionWriter, onAdvance: (entry: BufferedSession) => void) {
    this.shardId = shardId;
    this.writer = writer;
    this.#onAdvance = onAdvance;
  }

  /** Records a delivered dispatch. Despite the types, some gateways send a RESUMED without a sequence. */
  recordDelivered(sequence: unknown): void {
    if (typeof sequence !== 'number' || sequence <= this.sequence) return;
    this.sequence = sequence;
    this.#onAdvance(this);
  }
}

/** `buffering`: kept in memory, for a set that may never be in service. `discarded`: never written any more. */
type Mode = 'writing' | 'buffering' | 'discarded';

export class SessionBuffer implements SessionStore {
  readonly #dependencies: SessionBufferDependencies;
  readonly #entries = new Map<number, BufferedSession>();
  readonly #dirty = new Set<BufferedSession>();
  #mode: Mode;
  #timer: unknown = null;
  /** While a hand-over defers the dispatches of the shards, they do not count as delivered. */
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

  /** Loads a session before its shard is started. Also `null` when the store fails: the shard then gets the error. */
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

  /** Resolves at once: a shard does not wait for the store. */
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

  /** Writes all sessions. Resolves when the store has them, or has failed. */
  async flush(): Promise<void> {
    if (this.#mode === 'writing') for (const entry of this.#entries.values()) this.#dirty.add(entry);
    this.#writeDirty();
    await Promise.all([...this.#entries.values()].map(({ writer }) => writer.flushed()));
  }

  /** Writes the sessions to the store from now on. */
  commit(): void {
    this.#mode = 'writing';
    for (const entry of this.#entries.values()) this.#markDirty(entry);
  }

  /** Writes nothing any more. */
  discard(): void {
    this.#mode = 'discarded';
    this.#dirty.clear();
    this.#dependencies.clock.clearTimeout(this.#timer);
  }

  #markDirty(entry: BufferedSession): void {
    if (this.#mode !== 'writing' || entry.session === null) return;
    this.#dirty.add(entry);
    // A new session is written at once: losing it would cost a session start.
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
