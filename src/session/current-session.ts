/**
 * Where the session is while it is alive. The sequence moves with every dispatch, so it lives here and not in the
 * machine: the fast lane writes it, heartbeats and RESUME read it.
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

  /** The last sequence received; `null` before the first. */
  get sequence(): number | null {
    return this.#sequence;
  }

  get session(): Session | null {
    return this.#sessionAt(this.#sequence);
  }

  /**
   * The session as the machine knows it. It is another, and `null` here, while a listener that was just told something
   * has given one that the machine gets to know next: that has a host, and soon a connection, of its own.
   */
  sessionIf(identity: SessionIdentity | null): Session | null {
    return identity === this.#identity ? this.session : null;
  }

  /**
   * The session as a store may know it: never ahead of what has been handed out, nor of a dispatch that still waits
   * for its consumer.
   */
  sessionForStore(lowestWaiting: number | null): Session | null {
    const waiting = lowestWaiting === null ? Number.POSITIVE_INFINITY : Math.max(0, lowestWaiting - 1);
    return this.#sessionAt(Math.min(this.#deliveredSequence ?? 0, waiting));
  }

  #sessionAt(sequence: number | null): Session | null {
    if (this.#identity === null) return null;
    return { ...this.#identity, sequence: sequence ?? 0, shardId: this.#shardId, shardCount: this.#shardCount };
  }

  /** A dispatch came. Within a session the sequence never goes back, whatever the gateway says. */
  recordSequence(sequence: number): void {
    if (this.#sequence === null || sequence > this.#sequence) this.#sequence = sequence;
  }

  /** The dispatch that came last turned out to be none: it is to come again. */
  rollBack(sequence: number | null): void {
    this.#sequence = sequence;
  }

  /** The last dispatch of a session has been given to everybody, one of whom may have changed the session. */
  markDelivered(sessionId: string | null): void {
    if (sessionId === this.id) this.#deliveredSequence = this.#sequence;
  }

  /** READY came, with its sequence already counted unless it replaces another session. */
  start(identity: SessionIdentity, sequence: number | null): void {
    const replaces = this.#identity !== null && this.#identity.sessionId !== identity.sessionId;
    if (replaces) {
      this.#sequence = sequence;
      this.#deliveredSequence = null;
    }
    this.#identity = identity;
  }

  /** A session from elsewhere, or `null` when it was for another shard count and is of no use here. */
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
