/** Sessions for as long as the process lives: enough to resume after a lost connection, not after a restart. */
import { parseSession } from './session.ts';
import type { Session } from './session.ts';
import type { SessionStore } from './session-store.ts';

/**
 * A {@link SessionStore} in memory, the default. What it keeps and gives out are copies.
 *
 * @see https://discord.com/developers/docs/events/gateway#resuming
 */
export class MemorySessionStore implements SessionStore {
  readonly #sessions = new Map<number, Session>();

  async load(shardId: number): Promise<Session | null> {
    const session = this.#sessions.get(shardId);
    return session === undefined ? null : { ...session };
  }

  /** @throws {@link GatewayError} `INVALID_SESSION` when `session` is none. */
  async save(session: Session): Promise<void> {
    const copy = parseSession(session);
    this.#sessions.set(copy.shardId, copy);
  }

  async clear(shardId: number): Promise<void> {
    this.#sessions.delete(shardId);
  }
}
