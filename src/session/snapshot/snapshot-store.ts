/** The part of a session store that keeps snapshots, and what may stand before it. */
import type { SessionLease, SessionStore } from '../session-store.ts';

/** A store that keeps snapshots. */
export interface SnapshotStore {
  loadSnapshot(shardId: number): Promise<Uint8Array | null>;
  saveSnapshot(shardId: number, bytes: Uint8Array, lease?: SessionLease): Promise<void>;
  appendSnapshot(shardId: number, bytes: Uint8Array, lease?: SessionLease): Promise<void>;
  clearSnapshot(shardId: number, lease?: SessionLease): Promise<void>;
}

const METHODS = ['loadSnapshot', 'saveSnapshot', 'appendSnapshot', 'clearSnapshot'] as const satisfies readonly (
  | keyof SnapshotStore
  | keyof SessionStore
)[];

export const keepsSnapshots = (store: SessionStore): store is SessionStore & SnapshotStore =>
  METHODS.every((method) => typeof store[method] === 'function');

/** Takes one frame of a snapshot. */
export const RECORD_CHANGE = Symbol('recordChange');

/**
 * A store that stands before another, in a manager or a thread. The shards behind it say how far they have received,
 * and somebody else how far that was delivered. So it takes each frame in the turn of its dispatch.
 */
export interface SnapshotRecorder extends SessionStore {
  [RECORD_CHANGE](shardId: number, frame: Buffer): void;
}

export const isRecorder = (store: object): store is SnapshotRecorder => RECORD_CHANGE in store;
