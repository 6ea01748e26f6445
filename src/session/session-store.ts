/**
 * The port for storing sessions beyond a connection or a process, one session per shard. Implementations may be slow or
 * fail: a shard delivers events without waiting for `save()`, and never saves a sequence it has not delivered yet.
 */
import type { Session } from './session.ts';

/** The right to write the session of one shard, which one process has at a time. `SessionStore.claim()` returns it. */
export interface SessionLease {
  /**
   * One more than the fence of the last lease of this shard. A store refuses writes with a lower one. From a gap, a shard
   * that has stopped learns that another owner has had its session since: it does not store its older one, and its next
   * `connect()` continues what the store has.
   */
  readonly fence: number;
  /** Gives the shard to the next process. Resolves also if the lease is lost already. */
  release(): Promise<void>;
}

/** The options of `SessionStore.claim()`. */
export interface ClaimOptions {
  /**
   * Takes the shard away from its owner, whose writes are refused from then on. A shard passes it when you call
   * `reinstantiate()` or `resume()` while it is not connected.
   * @defaultValue `false`
   */
  takeOver?: boolean;
  /** Aborts when the shard no longer wants the lease. A lease that comes later is released. */
  signal?: AbortSignal;
}

/**
 * Stores the session of each shard. Implement it to keep sessions in a database, for example. A call that takes longer
 * than `timing.connectTimeoutMs` is a fault, and its answer is dropped.
 *
 * `claim()` is optional. With it, a new process waits until the old one has stopped, instead of taking its connection
 * away. Without it, start the new process after the old one has stopped.
 *
 * The option `warmStart` needs the four methods of snapshots. A snapshot is bytes that only grow, beside the session:
 * a file, or one key of a database. A shard makes one call at a time.
 * @see https://discord.com/developers/docs/events/gateway#resuming
 */
export interface SessionStore {
  /** Resolves with the session of a shard, or with `null` if none is stored. Rejects if it cannot be read. */
  load(shardId: number): Promise<Session | null>;
  /**
   * Replaces the session of `session.shardId`. Resolves when it is stored. Rejects with `SESSION_IN_USE` if `lease` is
   * lost; the shard passes a lease only if the store has `claim()`.
   */
  save(session: Session, lease?: SessionLease): Promise<void>;
  /**
   * Deletes the session of a shard. Resolves even if none is stored. Rejects with `SESSION_IN_USE` as `save()` does. After
   * a change of the shard count it is also called for shards that are no more; `load()` and `claim()` are called before.
   */
  clear(shardId: number, lease?: SessionLease): Promise<void>;
  /**
   * Claims a shard for this process. Rejects at once with a {@link GatewayError} `SESSION_IN_USE` while a living
   * process has it; its message names the owner. The shard asks again until `timing.claimTimeoutMs` is over.
   */
  claim?(shardId: number, options: ClaimOptions): Promise<SessionLease>;
  /**
   * Resolves with the times at which the shard has started sessions lately, in ms since the epoch, as `saveStarts()` was
   * given them last. With both methods, a bot that crashes right after each start does not use up its session starts;
   * see the option `startGuard`.
   */
  loadStarts?(shardId: number): Promise<readonly number[]>;
  /** Replaces these times, at most 64. Resolves when they are stored. A shard calls it before each IDENTIFY. */
  saveStarts?(shardId: number, times: readonly number[]): Promise<void>;
  /** Resolves with the snapshot of a shard as it was saved and appended to, or with `null` if none is stored. */
  loadSnapshot?(shardId: number): Promise<Uint8Array | null>;
  /**
   * Replaces the snapshot of a shard, as a whole or not at all. Resolves when it is stored. Rejects with
   * `SESSION_IN_USE` as `save()` does.
   */
  saveSnapshot?(shardId: number, bytes: Uint8Array, lease?: SessionLease): Promise<void>;
  /**
   * Adds to the end of the snapshot of a shard. Resolves when that is stored. If it fails, or the process is killed, a
   * part may be stored. Rejects with `SESSION_IN_USE` as `save()` does.
   */
  appendSnapshot?(shardId: number, bytes: Uint8Array, lease?: SessionLease): Promise<void>;
  /** Deletes the snapshot of a shard. Resolves even if none is stored. Rejects with `SESSION_IN_USE` as `save()` does. */
  clearSnapshot?(shardId: number, lease?: SessionLease): Promise<void>;
}
