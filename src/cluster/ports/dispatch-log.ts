/**
 * The port for reading what nodes have published. Each shard has a stream. Each group reads all streams, and keeps how
 * far it has come. In a group a stream has one reader at a time, the owner of its lease, so the order is kept.
 */
import type { Lease } from './ownership.ts';

/** One dispatch of a stream, as a reader gets it. */
export interface LoggedDispatch {
  /** Where it stands in the stream. Another one after the engine was empty. */
  readonly position: string;
  readonly shardId: number;
  readonly sessionId: string;
  readonly sequence: number;
  readonly t: string;
  readonly guildId: string | null;
  /** The whole packet, as JSON in UTF-8. */
  readonly bytes: Uint8Array;
  /** 1 at the first delivery. */
  readonly attempt: number;
  /** It was a dead letter: a reader that has seen a later sequence must not take it for one it has handled. */
  readonly isRedelivered: boolean;
}

export interface DeadLetter {
  /** Where it stands among the dead letters. */
  readonly position: string;
  readonly dispatch: LoggedDispatch;
  /** Why the last attempt failed. */
  readonly error: string;
}

/** How far a group has come in one stream. */
export interface StreamStatus {
  readonly shardId: number;
  /** Delivered and not acknowledged. */
  readonly pending: number;
  /** Not delivered yet. */
  readonly lag: number;
}

export interface ReadResult {
  readonly dispatches: readonly LoggedDispatch[];
  /** How many entries were trimmed before the group had acknowledged them, as far as this call has found out. */
  readonly trimmed: number;
}

export interface DispatchLog {
  /**
   * Creates a group on the stream of every shard, where it does not exist. `from: 'end'` skips what is there already;
   * it holds only for a group that the engine has never known, and not for half of `leaseTtlMs` after the first call of a
   * member: an engine that was empty may have forgotten the group. Resolves when the group exists everywhere.
   */
  createGroup(group: string, from: 'start' | 'end'): Promise<void>;
  /**
   * Reads up to `count` new entries of one stream; fewer only if there are no more. They are pending until `ack()`. A group that the engine has lost is
   * created again from the start of the stream. Rejects with `FENCED` if the lease is lost.
   */
  read(lease: Lease, count: number): Promise<ReadResult>;
  /**
   * Takes over everything that is pending in one stream, of this reader and of earlier ones, in order. It counts as no
   * attempt: a reader that was killed had begun few of them. `retry()` counts, before the handler is called. A reader
   * calls `claim()` before its first `read()`, and after a `read()` whose answer was lost.
   */
  claim(lease: Lease): Promise<ReadResult>;
  /**
   * Resolves with the shards whose streams may have something to read; with none when `timeoutMs` are over, or when
   * aborted.
   */
  wait(
    leases: readonly Lease[],
    options: { readonly timeoutMs: number; readonly signal: AbortSignal },
  ): Promise<readonly number[]>;
  /** Acknowledges entries: they are not delivered again. */
  ack(lease: Lease, positions: readonly string[]): Promise<void>;
  /**
   * Counts one more attempt of an entry that stays pending. Resolves with the number of that attempt, and with 1 if the
   * engine has forgotten the entry.
   */
  retry(lease: Lease, position: string): Promise<number>;
  /**
   * Acknowledges an entry, and keeps it among the dead letters of the group, in one step. Called twice, it keeps one. Of
   * more than about `maxDeadLetters` the oldest are removed; resolves with how many. Default: all are kept.
   */
  bury(lease: Lease, dispatch: LoggedDispatch, error: string, maxDeadLetters?: number): Promise<number>;
  /** Resolves with up to `count` dead letters after a position, the oldest first. */
  deadLetters(
    group: string,
    options: { readonly after: string | null; readonly count: number },
  ): Promise<readonly DeadLetter[]>;
  /**
   * Removes a dead letter, and appends it to the stream of its shard for this group alone, as attempt 1. Has no effect if
   * there is no such dead letter.
   */
  redeliver(group: string, position: string): Promise<void>;
  /** Resolves with the names of all groups, sorted. */
  groups(): Promise<readonly string[]>;
  /** How far the group has come, and how many dead letters it has. */
  status(group: string): Promise<{ readonly shards: readonly StreamStatus[]; readonly deadLetters: number }>;
  /** Removes entries that are too old, also of streams to which nothing is appended. Nodes call it now and then. */
  sweep(maxAgeMs: number): Promise<void>;
}
