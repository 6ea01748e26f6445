/**
 * The port through which several processes run one bot. An engine keeps what they share: who runs which shard, the
 * sessions, the permits to IDENTIFY, the dispatches that are published, and commands. Redis is one, memory another.
 */
import type { SessionStartLimit } from '../../../machines/index.ts';
import type { IdentifyGate, IdentifyPermit, IdentifyRequest } from '../../identify/identify-gate.ts';
import type { GatewayError } from '../../protocol/errors.ts';
import type { CommandBus } from './command-bus.ts';
import type { DispatchLog } from './dispatch-log.ts';
import type { Lease, Ownership, OwnershipScope } from './ownership.ts';
import type { SessionJournal } from './session-journal.ts';
import type { NextGeneration, Succession } from './succession.ts';

/** What a process wants from its connection to an engine. */
export interface EngineOpenOptions {
  /** Ends the attempt: `open()` then rejects with `ABORTED`. */
  readonly signal?: AbortSignal;
  /** Receives what goes wrong later, and what delays `open()`: `ENGINE_UNAVAILABLE` once per outage, for example. */
  readonly report: (error: GatewayError) => void;
}

/**
 * What several nodes and consumers share. Create one with `redisEngine()` or `memoryEngine()`, and pass it to managers
 * and consumers. It does nothing before it is opened.
 */
export interface Engine {
  /** How `status()` names it: `'redis'`, `'memory'`, or a name of your own. */
  readonly kind: string;
  /** How long a lease is valid after its last renewal, in ms. It is renewed every third of this time. */
  readonly leaseTtlMs: number;
  /**
   * Connects. While the engine can't be reached it reports `ENGINE_UNAVAILABLE` once and tries again, until the signal
   * aborts. Rejects at once with `ENGINE_INVALID` if the engine can't be used at all.
   */
  open(options: EngineOpenOptions): Promise<EngineConnection>;
}

/** What all nodes of a bot agree on. */
export interface ClusterPlan {
  /** The shard count of the whole bot. */
  readonly total: number;
  /** Which generation of shards this is the count of. Missing before the first resharding. */
  readonly generation?: number;
  /** The shards that are to take over. Missing while there are none. */
  readonly next?: NextGeneration;
}

/**
 * An open engine. Every call rejects with `ENGINE_UNAVAILABLE` while the engine can't be reached, and after `close()`; the
 * caller decides whether to repeat it. The call may have had its effect: each can be repeated. Calls with a lease reject
 * with `FENCED` once another member has the shard, or the lease was released. If the engine has forgotten the lease, they
 * reject with `ENGINE_UNAVAILABLE` until it is restored; those of the journal that resolve with a `CommitResult` say so.
 */
export interface EngineConnection {
  /** Whether the last call or check reached the engine. */
  readonly isReachable: boolean;
  /** Calls `listener` when `isReachable` has changed. Returns a function that removes it. */
  onReachableChange(listener: (isReachable: boolean) => void): () => void;
  /**
   * Stores the plan if the engine has none, or one of an earlier generation. Resolves with the plan that is in force. Nodes
   * repeat it with each renewal, so that an engine that has forgotten everything learns it again.
   */
  agree(plan: Omit<ClusterPlan, 'next'>): Promise<ClusterPlan>;
  /** The plan in force; `null` before the first node. */
  plan(): Promise<ClusterPlan | null>;
  /** The leases of one scope. */
  ownership(scope: OwnershipScope): Ownership;
  readonly journal: SessionJournal;
  readonly log: DispatchLog;
  readonly commands: CommandBus;
  /** The identify gate of the whole bot: one queue, one spacing and one budget for all nodes. */
  readonly identifyGate: EngineIdentifyGate;
  /** Missing in an engine that can't reshard: `reshard()` then rejects with `RESHARD_REFUSED`. */
  readonly succession?: Succession;
  /** Closes the connection, or returns what was borrowed. Releases nothing: a lease ends with `leave()` or its time. */
  close(): Promise<void>;
}

/** Asks for a permit for a shard of a node. */
export interface EngineIdentifyRequest extends IdentifyRequest {
  /** The lease of the shard. Without it the engine does not ask whose the shard is. */
  readonly lease?: Lease;
}

/**
 * An identify gate whose queue and budget all nodes share. Time counts on the engine's clock. Requests wait while the
 * engine can't be reached. An engine that is new or was empty grants no permit for one spacing. If the holder of a permit
 * is gone, the permit counts as used one spacing after it was granted, and no longer blocks its key.
 */
export interface EngineIdentifyGate extends IdentifyGate {
  /**
   * As in one process. Resolves only if the engine has said less than one spacing before that the permit is still held, and
   * that the lease is: an outage, or a pause of the process, may have come between. Rejects with `FENCED` if the lease is
   * lost; waits while the engine has forgotten it.
   */
  acquire(request: EngineIdentifyRequest): Promise<IdentifyPermit>;
  /** Applies an answer of `GET /gateway/bot`. What other nodes have used since in this period stays used. */
  update(limit: SessionStartLimit, reserve: number): Promise<void>;
}
