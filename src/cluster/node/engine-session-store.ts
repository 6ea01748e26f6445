/**
 * The session store of a manager that is a node: the sessions and snapshots of its shards, in the journal of the engine.
 * It has no `claim()`: the node has a lease before a shard is started. What a shard writes that the node no longer has
 * is dropped, because the session belongs to another node.
 */
import type { Session } from '../../session/session.ts';
import type { SessionStore } from '../../session/session-store.ts';
import type { SnapshotStore } from '../../session/snapshot/snapshot-store.ts';
import type { SessionJournal } from '../ports/session-journal.ts';
import type { HeldShard } from './held-shard.ts';
import type { SessionRecorder } from './session-recorder.ts';

interface EngineSessionStoreOptions {
  readonly held: ReadonlyMap<number, HeldShard>;
  readonly journal: SessionJournal;
  readonly recorder: SessionRecorder;
}

export class EngineSessionStore implements SessionStore, SnapshotStore {
  readonly #options: EngineSessionStoreOptions;

  constructor(options: EngineSessionStoreOptions) {
    this.#options = options;
  }

  /** The node has loaded the session with the claim. */
  async load(shardId: number): Promise<Session | null> {
    return this.#options.held.get(shardId)?.stored ?? null;
  }

  async save(session: Session): Promise<void> {
    const held = this.#options.held.get(session.shardId);
    if (held !== undefined) await this.#options.recorder.save(held, session);
  }

  async clear(shardId: number): Promise<void> {
    const held = this.#options.held.get(shardId);
    if (held !== undefined) await this.#options.recorder.clear(held);
  }

  loadSnapshot(shardId: number): Promise<Uint8Array | null> {
    return this.#options.journal.loadSnapshot(shardId);
  }

  async saveSnapshot(shardId: number, bytes: Uint8Array): Promise<void> {
    const held = this.#options.held.get(shardId);
    if (held !== undefined) await this.#options.journal.saveSnapshot(held.lease, bytes);
  }

  async appendSnapshot(shardId: number, bytes: Uint8Array): Promise<void> {
    const held = this.#options.held.get(shardId);
    if (held !== undefined) await this.#options.journal.appendSnapshot(held.lease, bytes);
  }

  /** The journal deletes the snapshot together with the session. */
  async clearSnapshot(): Promise<void> {}
}
