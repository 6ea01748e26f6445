/**
 * The session of a running shard. The sequence changes with every dispatch, so it is kept here and not in the
 * statechart: the fast lane writes it, heartbeats and RESUME read it.
 */
import type { SessionIdentity } from '../../machines/index.ts';
import type { Session } from './session.ts';

export class CurrentSession {
  readonly #shardId: number;
  readonly #shardCount: number;
  #identity: SessionIdentity | null = null;
  #sequence: number | null = null;
  /** The sequence up to which listeners have been called. */
  #deliveredSequence: number | null = null;

  constructor(shardId: number, shardCount: number) {
    this.#shardId = shardId;
    this.#shardCount = shardCount;
  }

  get identity(): SessionIdentity | null {
    return this.#identity;
  }

  get id(): string | null {
    return this.#identity?.sessionId ?? null;
  }

  /** The sequence received last; `null` before the first. */
  get sequence(): number | null {
    return this.#sequence;
  }

  get session(): Session | null {
    return this.#sessionAt(this.#sequence);
  }

  /**
   * Returns the session if it is the one that the statechart knows, else `null`. They differ while a listener has
   * passed another session that the statechart has not processed yet. That session gets another connection.
   */
  sessionIf(identity: SessionIdentity | null): Session | null {
    return identity === this.#identity ? this.session : null;
  }

  /**
   * Returns the session to store: its sequence is never ahead of the dispatches that were delivered, nor of one that is
   * still buffered for a consumer.
   */
  sessionForStore(lowestPending: number | null): Session | null {
    const maxSequence = lowestPending === null ? Number.POSITIVE_INFINITY : Math.max(0, lowestPending - 1);
    return this.#sessionAt(Math.min(this.#deliveredSequence ?? 0, maxSequence));
  }

  #sessionAt(sequence: number | null): Session | null {
    if (this.#identity === null) return null;
    return { ...this.#identity, sequence: sequence ?? 0, shardId: this.#shardId, shardCount: this.#shardCount };
  }

  /** Called for every dispatch. Within a session the sequence never goes back, whatever the gateway sends. */
  recordSequence(sequence: number): void {
    if (this.#sequence === null || sequence > this.#sequence) this.#sequence = sequence;
  }

  /** The last dispatch turned out to be corrupt, so Discord has to send it again. */
  rollBack(sequence: number | null): void {
    this.#sequence = sequence;
  }

  /** All listeners of the last dispatch have been called. One of them may have changed the session. */
  markDelivered(sessionId: string | null): void {
    if (sessionId === this.id) this.#deliveredSequence = this.#sequence;
  }

  /** READY came. Its sequence is already recorded, unless it replaces another session. */
  start(identity: SessionIdentity, sequence: number | null): void {
    const replaces = this.#identity !== null && this.#identity.sessionId !== identity.sessionId;
    if (replaces) {
      this.#sequence = sequence;
      this.#deliveredSequence = null;
    }
    this.#identity = identity;
  }

  /** Takes over a stored session. Returns `null` if it is of another shard or shard count: Discord rejects that. */
  restore(session: Session | null): SessionIdentity | null {
    this.clear();
    if (session === null || session.shardCount !== this.#shardCount || session.shardId !== this.#shardId) return null;
    this.#identity = { sessionId: session.sessionId, resumeUrl: session.resumeUrl };
    this.#sequence = session.sequence;
    this.#deliveredSequence = session.sequence;
    return this.#identity;
  }

  clear(): void {
    this.#identity = null;
    this.#sequence = null;
    this.#deliveredSequence = null;
  }
}
