/**
 * Who writes the sessions of a node into the journal. Without `publish` that is the `JournalWriter`. With `publish` it is
 * the publisher, because there the sequence moves only together with the dispatches.
 */
import type { Dispatch } from '../../protocol/packets.ts';
import type { Session } from '../../session/session.ts';
import type { EngineConnection } from '../ports/engine.ts';
import type { Member } from '../ports/ownership.ts';
import type { HeldShard } from './held-shard.ts';
import type { NodeHost } from './node-host.ts';

/** What the parts of a node share. */
export interface NodeSeat {
  readonly host: NodeHost;
  readonly connection: EngineConnection;
  readonly member: Member;
  readonly leaseTtlMs: number;
  /** The shards that this node holds, by id. */
  readonly held: ReadonlyMap<number, HeldShard>;
  /** To be called by each part that the engine has answered with `FENCED`: another node has the shard. */
  readonly onFenced: (held: HeldShard) => void;
  /**
   * To be called when the engine knows no such lease. Resolves when it knows it again, with `held.stored`, or when the
   * shard is lost.
   */
  restore(held: HeldShard): Promise<void>;
}

export interface SessionRecorder {
  /**
   * Stores a session that has begun, or of which other fields than the sequence have changed; without `publish` the
   * sequence too. While the engine can't be reached, the latest session waits here, and `save()` resolves.
   */
  save(held: HeldShard, session: Session): Promise<void>;
  clear(held: HeldShard): Promise<void>;
  /** Resolves when the engine has everything of this shard, or the shard is lost. Called before it is released. */
  flush(held: HeldShard): Promise<void>;
  /** Whether the engine has confirmed `held.stored`, and nothing of this shard waits or is under way. */
  isIdle(held: HeldShard): boolean;
  /**
   * The connection to the engine broke. It may come back with an older state, in which the lease stands and the session
   * is older: what it has confirmed of these shards is written once more.
   */
  onBroken(shards: readonly HeldShard[]): void;
  /** Called after each renewal that the engine has answered: writes what has waited. */
  onReachable(): void;
  /** The node no longer has the shard: forgets everything of it. */
  drop(held: HeldShard): void;
}

/** What of a dispatch is stored. Of one that other shards have published already, only its `position` in the session. */
export type PublishedPart = 'all' | 'position';

/** Publishes dispatches; its buffer counts in `host.budget`. */
export interface DispatchPublisher extends SessionRecorder {
  /**
   * Takes a dispatch before the listeners get it. `raw` of it is valid until this call returns. READY comes with the
   * session that it began. Restored dispatches do not come here.
   */
  push(held: HeldShard, session: Session | null, dispatch: Dispatch, what?: PublishedPart): void;
  /**
   * To be called before `Ownership.restore()`: moves `held.stored` back to the dispatch before the oldest one that is
   * remembered. These are appended again afterwards, because an engine that forgets leases forgets streams too.
   */
  beforeRestore(held: HeldShard): void;
  /** Returns the oldest sequence of the session that the engine does not have yet; `null` if it has all. */
  lowestSequence(held: HeldShard): number | null;
}
