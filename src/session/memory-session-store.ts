/** Keeps sessions while the process runs: enough to resume after a lost connection, not after a restart. */
import { parseSession } from './session.ts';
import type { Session } from './session.ts';
import type { SessionStore } from './session-store.ts';

/**
 * Returns whether a store is one in memory without a session of the shard. A subclass may look for sessions elsewhere.
 */
export let isMemoryWithout: (store: SessionStore, shardId: number) => boolean;

/** Returns whether a store saves in memory. A subclass may save elsewhere. */
export let savesInMemory: (store: SessionStore) => boolean;

/**
 * A {@link SessionStore} in memory, and the default. It stores and returns copies.
 *
 * @see https://discord.com/developers/docs/events/gateway#resuming
 */
export class MemorySessionStore implements SessionStore {
  readonly #sessions = new Map<number, Session>();
  /** Created with the first snapshot: each shard without a store of yours has one of these, and most keep none. */
  #snapshots: Map<number, readonly Uint8Array[]> | null = null;

  static {
    isMemoryWithout = (store, shardId) =>
      #sessions in store && store.load === MemorySessionStore.prototype.load && !store.#sessions.has(shardId);
    savesInMemory = (store) => #sessions in store && store.save === MemorySessionStore.prototype.save;
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
    const parts = this.#snapshots?.get(shardId);
    return parts === undefined ? null : Buffer.concat(parts);
  }

  async saveSnapshot(shardId: number, bytes: Uint8Array): Promise<void> {
    this.#keep(shardId, [Uint8Array.from(bytes)]);
  }

  async appendSnapshot(shardId: number, bytes: Uint8Array): Promise<void> {
    this.#keep(shardId, [...(this.#snapshots?.get(shardId) ?? []), Uint8Array.from(bytes)]);
  }

  async clearSnapshot(shardId: number): Promise<void> {
    this.#snapshots?.delete(shardId);
  }

  #keep(shardId: number, parts: readonly Uint8Array[]): void {
    (this.#snapshots ??= new Map()).set(shardId, parts);
  }
}
