/** Stores a session after the changes of the guilds that it counts, and clears both. */
import type { Session } from '../session.ts';
import type { SessionStore } from '../session-store.ts';
import type { SnapshotLog } from './snapshot-log.ts';
import type { SnapshotStore } from './snapshot-store.ts';

export class JournaledSessionStore implements SessionStore {
  readonly #store: SessionStore & SnapshotStore;
  readonly #log: SnapshotLog;

  constructor(store: SessionStore & SnapshotStore, log: SnapshotLog) {
    this.#store = store;
    this.#log = log;
  }

  load(shardId: number): Promise<Session | null> {
    return this.#store.load(shardId);
  }

  async save(session: Session): Promise<void> {
    await this.#log.flush();
    await this.#store.save(session);
    await this.#log.foldAfter(session);
  }

  async clear(shardId: number): Promise<void> {
    await this.#store.clear(shardId);
    if (this.#log.isEmpty) await this.#store.clearSnapshot(shardId);
  }
}
