/**
 * Writes the session of a shard to its store in the background, so that a slow store never delays the shard. One write
 * runs at a time, the latest one wins, and an error of the store is reported as a fault.
 */
import { GatewayError } from '../protocol/errors.ts';
import { isSessionInUse } from './claimed-session-store.ts';
import type { Session } from './session.ts';
import type { SessionStore } from './session-store.ts';

/** A store whose `load()` can be given up. */
export interface AbortableSessionStore extends SessionStore {
  load(shardId: number, signal?: AbortSignal): Promise<Session | null>;
}

export class SessionWriter {
  readonly #store: AbortableSessionStore;
  readonly #report: (error: GatewayError) => void;
  #pending: { shardId: number; session: Session | null } | null = null;
  #writing: Promise<void> | null = null;
  /** The last write that the store failed at. Until the next success it is newer than the store. */
  #unwritten: { session: Session | null } | null = null;
  /** What was last reported. A store that goes on failing is one fault, not one for each write. */
  #reported: string | null = null;

  constructor(store: AbortableSessionStore, report: (error: GatewayError) => void) {
    this.#store = store;
    this.#report = report;
  }

  /**
   * Resolves with the session that was written last, even if the store failed to write it: a discarded session must not
   * come back. Rejects when the store rejects or throws.
   */
  async load(shardId: number, signal?: AbortSignal): Promise<Session | null> {
    await this.#writing;
    return this.#unwritten === null ? this.#store.load(shardId, signal) : this.#unwritten.session;
  }

  /** Whether the last write failed, so that the store has something older. */
  get hasFailed(): boolean {
    return this.#unwritten !== null;
  }

  save(session: Session): void {
    this.#write({ shardId: session.shardId, session });
  }

  clear(shardId: number): void {
    this.#write({ shardId, session: null });
  }

  /** Resolves when every write is done. Never rejects. */
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
        this.#reported = null;
      } catch (cause) {
        this.#unwritten = next;
        const message = `the session could not be ${next.session === null ? 'cleared' : 'saved'}`;
        this.#reportOnce(isSessionInUse(cause) ? cause : new GatewayError('SESSION_STORE_FAILED', message, { cause }));
      }
    }
    this.#writing = null;
  }

  #reportOnce(error: GatewayError): void {
    if (this.#reported === error.message) return;
    this.#reported = error.message;
    this.#report(error);
  }

  /** Async, so that a store that throws is like one that rejects. Else the loop could end before `#writing` is set. */
  async #apply({ shardId, session }: { shardId: number; session: Session | null }): Promise<void> {
    await (session === null ? this.#store.clear(shardId) : this.#store.save(session));
  }
}
