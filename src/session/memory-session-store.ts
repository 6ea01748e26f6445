/** Sessions for as long as the process lives. */
import type { Session } from './session.ts';
import type { SessionStore } from './session-store.ts';

export class MemorySessionStore implements SessionStore {
  readonly #sessions = new Map<number, Session>();

  async load(shardId: number): Promise<Session | null> {
    const session = this.#sessions.get(shardId);
    return session === undefined ? null : { ...session };
  }

  async save(session: Session): Promise<void> {
    this.#sessions.set(session.shardId, { ...session });
  }

  async clear(shardId: number): Promise<void> {
    this.#sessions.delete(shardId);
  }
}
