/**
 * Writes the session to its store behind the shard's back: one write at a time, the latest wins, and no failure of
 * the store gets further than a report.
 */
import { GatewayError } from '../protocol/errors.ts';
import type { Session } from './session.ts';
import type { SessionStore } from './session-store.ts';

export class SessionWriter {
  readonly #store: SessionStore;
  readonly #report: (error: GatewayError) => void;
  #pending: { shardId: number; session: Session | null } | null = null;
  #writing: Promise<void> | null = null;
  /** What the store failed to write: it knows less than we do. */
  #unwritten: { session: Session | null } | null = null;

  constructor(store: SessionStore, report: (error: GatewayError) => void) {
    this.#store = store;
    this.#report = report;
  }

  /**
   * What was written last, even if the store failed at it: a session that was given up must not come back. Rejects
   * when the store does; a store that throws instead is no different.
   */
  async load(shardId: number): Promise<Session | null> {
    await this.#writing;
    return this.#unwritten === null ? this.#store.load(shardId) : this.#unwritten.session;
  }

  save(session: Session): void {
    this.#write({ shardId: session.shardId, session });
  }

  clear(shardId: number): void {
    this.#write({ shardId, session: null });
  }

  /** Settles when nothing is left to write. Never rejects. */
  async flushed(): Promise<void> {
    await this.#writing;
  }

  #write(next: { shardId: number; session: Session | null }): void {
    this.#pending = next;
    this.#writing ??= this.#writePending();
  }

  async #writePending(): Promise<void> {
    while (this.#pending !== null) {
      const next = this.#pending;
      this.#pending = null;
      try {
        await this.#apply(next);
        this.#unwritten = null;
      } catch (cause) {
        this.#unwritten = next;
        const verb = next.session === null ? 'cleared' : 'saved';
        this.#report(new GatewayError('SESSION_STORE_FAILED', `the session could not be ${verb}`, { cause }));
      }
    }
    this.#writing = null;
  }

  /** Async, so that a store that throws is one that rejects: draining must not end before `#writing` tells of it. */
  async #apply({ shardId, session }: { shardId: number; session: Session | null }): Promise<void> {
    await (session === null ? this.#store.clear(shardId) : this.#store.save(session));
  }
}
