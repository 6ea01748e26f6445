/**
 * The port for the resume point of each shard. Where dispatches are published, one atomic step checks the lease, appends
 * them to the stream and advances the sequence. So the resume point and the stream can't disagree.
 */
import type { Session } from '../../session/session.ts';
import type { Lease } from './ownership.ts';

/** A dispatch as it goes into the stream, undecoded. */
export interface PublishedDispatch {
  readonly sequence: number;
  readonly t: string;
  /** The guild it belongs to, for the order of handlers; `null` if it names none. */
  readonly guildId: string | null;
  /** The whole packet, as JSON in UTF-8. */
  readonly bytes: Uint8Array;
}

/** How much of a stream is kept. */
export interface StreamBounds {
  /** About how many entries a stream keeps. */
  readonly maxLength: number;
  /** How long an entry is kept, in ms. */
  readonly maxAgeMs: number;
}

/** One step forward in a session. */
export interface JournalCommit {
  readonly sessionId: string;
  /** The sequence that the engine should have. */
  readonly base: number;
  /** The sequence that it has afterwards. */
  readonly sequence: number;
  /** What to append, in order, with sequences above `base`. Empty without `publish`. */
  readonly entries: readonly PublishedDispatch[];
  /** The session, if more of it than its sequence has changed. Its own sequence does not count. */
  readonly session?: Session;
  readonly bounds: StreamBounds;
}

/**
 * `stored`: the engine has this step, now or from an earlier attempt; entries that it had already are not appended again.
 * `behind`: its sequence is lower than `base`, and nothing was stored; repeat what is above it. `forgotten`: it knows no
 * such lease, and nothing was stored: `restore()` it. `otherSession`: it has another session of this shard, or none;
 * `open()` first.
 */
export type CommitResult =
  | { readonly kind: 'stored' }
  | { readonly kind: 'behind'; readonly sequence: number }
  | { readonly kind: 'forgotten' }
  | { readonly kind: 'otherSession' };

export interface SessionJournal {
  /** Resolves with the session of a shard, or with `null`. */
  load(lease: Lease): Promise<Session | null>;
  /**
   * Resolves with the last dispatches of the session in the stream, in order, from the oldest one on that some group has
   * not acknowledged: of at most `maxBytes`, and with all if no group is known. Who takes a shard over remembers them for
   * an engine that comes back empty, because nobody else has them.
   */
  loadUnread(lease: Lease, maxBytes: number): Promise<readonly PublishedDispatch[]>;
  /**
   * Stores a new session in place of any other, and appends the dispatches that came with it, in one step. Called at
   * READY; the sequence of the session counts these dispatches. A session that the engine has already keeps its
   * sequence, and nothing is appended: `behind` if its sequence is lower than that of `session`.
   */
  open(
    lease: Lease,
    session: Session,
    entries: readonly PublishedDispatch[],
    bounds: StreamBounds,
  ): Promise<CommitResult>;
  commit(lease: Lease, commit: JournalCommit): Promise<CommitResult>;
  /** Deletes the session and its snapshot. */
  clear(lease: Lease): Promise<void>;
  /** The snapshot of `warmStart` beside the session of a shard in service: bytes that only grow. `null` if none is stored. */
  loadSnapshot(shardId: number): Promise<Uint8Array | null>;
  saveSnapshot(lease: Lease, bytes: Uint8Array): Promise<void>;
  appendSnapshot(lease: Lease, bytes: Uint8Array): Promise<void>;
}
