/**
 * Where sessions outlive a connection or a process. The port: one row a shard. Implementations may be slow or
 * fail; a shard never waits for `save` before handing out events, and what it saves is never ahead of them.
 */
import type { Session } from './session.ts';

export interface SessionStore {
  /** The session of a shard, or `null` when there is none. Rejects when what is stored can't be read. */
  load(shardId: number): Promise<Session | null>;
  /** Replaces the session of `session.shardId`. */
  save(session: Session): Promise<void>;
  /** Forgets the session of a shard; no error when there is none. */
  clear(shardId: number): Promise<void>;
}
