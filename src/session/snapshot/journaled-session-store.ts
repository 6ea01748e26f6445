/** Stores a session after the changes of the guilds that it counts, and clears both. */
import { LACKS_SESSION, lacksSession } from '../lacks-session.ts';
import type { ForwardingSessionStore } from '../lacks-session.ts';
import type { Session } from '../session.ts';
import type { AbortableSessionStore } from '../session-writer.ts';
import type { SnapshotLog } from './snapshot-log.ts';

export class JournaledSessionStore implements AbortableSessionStore, ForwardingSessionStore {
  readonly #store: AbortableSessionStore;
  readonly #log: SnapshotLog;

  constructor(store: AbortableSessionStore, log: SnapshotLog) {
    this.#store = store;
    this.#log = log;
  }

  load(shardId: number, signal?: AbortSignal): Promise<Session | null> {
    return this.#store.load(shardId, signal);
  }

  [LACKS_SESSION](shardId: number): boolean {
    return lacksSession(this.#store, shardId);
  }

  async save(session: Session): Promise<void> {
    await this.#log.flush();
    await this.#store.save(session);
    await this.#log.foldAfter(session);
  }

  async clear(shardId: number): Promise<void> {
    await this.#store.clear(shardId);
    await this.#log.clearStored();
  }
}
