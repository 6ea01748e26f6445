/**
 * Writes the sessions of a node into the journal, where nothing is published. One write of a shard runs at a time and
 * the latest session wins. While the engine can't be reached the latest session waits.
 */
import { isFenced, isUnavailable } from '../engine-errors.ts';
import type { Session } from '../../session/session.ts';
import type { CommitResult, StreamBounds } from '../ports/session-journal.ts';
import type { HeldShard } from './held-shard.ts';
import type { NodeSeat, SessionRecorder } from './session-recorder.ts';

/** Nothing is appended, so nothing has to be kept. */
const NO_STREAM: StreamBounds = { maxLength: 1, maxAgeMs: 1 };
/** An engine that forgets again and again is asked no more until the next renewal. */
const MAX_ATTEMPTS = 3;

interface Pending {
  session: Session;
  writing: Promise<void> | null;
  /** Resolve when nothing is pending any more. */
  readonly flushed: PromiseWithResolvers<void>;
}

const newPending = (session: Session): Pending => ({
  session,
  writing: null,
  flushed: Promise.withResolvers<void>(),
});

export class JournalWriter implements SessionRecorder {
  readonly #seat: NodeSeat;
  readonly #pending = new Map<HeldShard, Pending>();
  /** The shards whose session could not be deleted yet, and that have no new one. */
  readonly #uncleared = new Set<HeldShard>();

  constructor(seat: NodeSeat) {
    this.#seat = seat;
  }

  async save(held: HeldShard, session: Session): Promise<void> {
    const pending = this.#pending.get(held) ?? newPending(session);
    pending.session = session;
    this.#uncleared.delete(held);
    this.#pending.set(held, pending);
    await this.#start(held, pending);
  }

  async clear(held: HeldShard): Promise<void> {
    this.drop(held);
    held.stored = null;
    try {
      await this.#seat.connection.journal.clear(held.lease);
    } catch (error) {
      if (isFenced(error)) return this.#seat.onFenced(held);
      if (!isUnavailable(error)) throw error;
      // A new session would take its place.
      if (!this.#pending.has(held)) this.#uncleared.add(held);
    }
  }

  async flush(held: HeldShard): Promise<void> {
    const pending = this.#pending.get(held);
    if (pending === undefined) return;
    await Promise.all([this.#start(held, pending), pending.flushed.promise]);
  }

  isIdle(held: HeldShard): boolean {
    return !this.#pending.has(held) && !this.#uncleared.has(held);
  }

  onBroken(shards: readonly HeldShard[]): void {
    for (const held of shards)
      if (held.stored !== null && this.isIdle(held)) this.#pending.set(held, newPending(held.stored));
  }

  onReachable(): void {
    // What fails again waits for the next renewal, or is said with the next session.
    for (const [held, pending] of this.#pending) void this.#start(held, pending).catch(() => undefined);
    const uncleared = [...this.#uncleared];
    this.#uncleared.clear();
    for (const held of uncleared) void this.clear(held).catch(() => undefined);
  }

  drop(held: HeldShard): void {
    this.#pending.get(held)?.flushed.resolve();
    this.#pending.delete(held);
    this.#uncleared.delete(held);
  }

  #start(held: HeldShard, pending: Pending): Promise<void> {
    pending.writing ??= this.#write(held, pending).finally(() => (pending.writing = null));
    return pending.writing;
  }

  async #write(held: HeldShard, pending: Pending): Promise<void> {
    for (let attempt = 0; attempt < MAX_ATTEMPTS && this.#pending.get(held) === pending; attempt += 1) {
      const { session } = pending;
      try {
        const result = await this.#commit(held, session);
        if (this.#pending.get(held) !== pending) return;
        if (result.kind === 'forgotten') await this.#seat.restore(held);
        else if (result.kind === 'behind') held.stored = { ...session, sequence: result.sequence };
        else if (result.kind === 'otherSession') held.stored = null;
        else {
          held.stored = session;
          if (pending.session === session) return this.drop(held);
          attempt = -1;
        }
      } catch (error) {
        if (isUnavailable(error)) return;
        this.drop(held);
        if (!isFenced(error)) throw error;
        this.#seat.onFenced(held);
      }
    }
  }

  #commit({ lease, stored }: HeldShard, session: Session): Promise<CommitResult> {
    const { journal } = this.#seat.connection;
    if (stored?.sessionId !== session.sessionId) return journal.open(lease, session, [], NO_STREAM);
    return journal.commit(lease, {
      sessionId: session.sessionId,
      base: stored.sequence,
      sequence: Math.max(stored.sequence, session.sequence),
      entries: [],
      session,
      bounds: NO_STREAM,
    });
  }
}
