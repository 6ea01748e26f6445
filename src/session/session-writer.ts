/**
 * Writes the session of a shard to its store in the background, so that a slow store never delays the shard. One write
 * runs at a time, the latest one wins, and an error of the store is reported as a fault.
 */
import { GatewayError } from '../protocol/errors.ts';
import { lacksSession } from './lacks-session.ts';
import type { Session } from './session.ts';
import type { SessionStore } from './session-store.ts';
import { isSessionInUse } from './shard-leases.ts';

/** A store whose `load()` can be given up. */
export interface AbortableSessionStore extends SessionStore {
  load(shardId: number, signal?: AbortSignal): Promise<Session | null>;
}

export class SessionWriter {
  readonly #store: AbortableSessionStore;
  readonly #report: (error: GatewayError) => void;
  #pending: { shardId: number; session: Session | null } | null = null;
  #writing: Promise<void> | null = null;
  /** The last write that the store failed at. Until the next success it is newer than the store, unless refused. */
  #unwritten: { readonly session: Session | null; readonly isRefused: boolean } | null = null;
  /** What was last reported. A store that goes on failing is one fault, not one for each write. */
  #reported: string | null = null;

  constructor(store: AbortableSessionStore, report: (error: GatewayError) => void) {
    this.#store = store;
    this.#report = report;
  }

  /**
   * Resolves with the session that was written last, even if the store failed to write it: a discarded session must not
   * come back. If the store refused it, another owner has written since. Rejects when the store rejects or throws.
   */
  async load(shardId: number, signal?: AbortSignal): Promise<Session | null> {
    await this.#writing;
    const unwritten = this.#unwritten;
    return unwritten === null || unwritten.isRefused ? this.#store.load(shardId, signal) : unwritten.session;
  }

  /** Returns whether there is no session to load; `false` too when the store must be asked. */
  lacksSession(shardId: number): boolean {
    return this.#writing === null && this.#unwritten === null && lacksSession(this.#store, shardId);
  }

  /** Whether the last write failed, so that the store has something older. */
  get hasFailed(): boolean {
    return this.#unwritten !== null;
  }

  /** Another owner has written since: what the store failed at is no longer newer than what it has. */
  forgetUnwritten(): void {
    this.#unwritten = null;
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
        const isRefused = isSessionInUse(cause);
        this.#unwritten = { session: next.session, isRefused };
        const message = `the session could not be ${next.session === null ? 'cleared' : 'saved'}`;
        this.#reportOnce(isRefused ? cause : new GatewayError('SESSION_STORE_FAILED', message, { cause }));
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
