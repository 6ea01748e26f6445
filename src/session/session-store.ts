/**
 * The port for storing sessions beyond a connection or a process, one session per shard. Implementations may be slow or
 * fail: a shard delivers events without waiting for `save()`, and never saves a sequence it has not delivered yet.
 */
import type { Session } from './session.ts';

/**
 * Stores the session of each shard. Implement it to keep sessions in a database, for example.
 * @see https://discord.com/developers/docs/events/gateway#resuming
 */
export interface SessionStore {
  /** Resolves with the session of a shard, or with `null` if none is stored. Rejects if it cannot be read. */
  load(shardId: number): Promise<Session | null>;
  /** Replaces the session of `session.shardId`. Resolves when it is stored. */
  save(session: Session): Promise<void>;
  /** Deletes the session of a shard. Resolves even if none is stored. */
  clear(shardId: number): Promise<void>;
}
