/** Keeps sessions while the process runs: enough to resume after a lost connection, not after a restart. */
import { parseSession } from './session.ts';
import type { Session } from './session.ts';
import type { SessionStore } from './session-store.ts';

/**
 * Returns whether a store is one in memory without a session of the shard. A subclass may look for sessions elsewhere.
 */
export let isMemoryWithout: (store: SessionStore, shardId: number) => boolean;

/**
 * A {@link SessionStore} in memory, and the default. It stores and returns copies.
 *
 * @see https://discord.com/developers/docs/events/gateway#resuming
 */
export class MemorySessionStore implements SessionStore {
  readonly #sessions = new Map<number, Session>();
  readonly #snapshots = new Map<number, readonly Uint8Array[]>();

  static {
    isMemoryWithout = (store, shardId) =>
      #sessions in store && store.load === MemorySessionStore.prototype.load && !store.#sessions.has(shardId);
  }

  async load(shardId: number): Promise<Session | null> {
    const session = this.#sessions.get(shardId);
    return session === undefined ? null : { ...session };
  }

  /** @throws {@link GatewayError} `INVALID_SESSION` if `session` is not a session. */
  async save(session: Session): Promise<void> {
    const copy = parseSession(session);
    this.#sessions.set(copy.shardId, copy);
  }

  async clear(shardId: number): Promise<void> {
    this.#sessions.delete(shardId);
  }

  async loadSnapshot(shardId: number): Promise<Uint8Array | null> {
    const parts = this.#snapshots.get(shardId);
    return parts === undefined ? null : Buffer.concat(parts);
  }

  async saveSnapshot(shardId: number, bytes: Uint8Array): Promise<void> {
    this.#snapshots.set(shardId, [Uint8Array.from(bytes)]);
  }

  async appendSnapshot(shardId: number, bytes: Uint8Array): Promise<void> {
    this.#snapshots.set(shardId, [...(this.#snapshots.get(shardId) ?? []), Uint8Array.from(bytes)]);
  }

  async clearSnapshot(shardId: number): Promise<void> {
    this.#snapshots.delete(shardId);
  }
}
