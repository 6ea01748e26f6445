/**
 * The port for resharding: a bot gets another shard count while all nodes run. The shards of one count are a *generation*.
 * The next one comes up beside the one in service, spread over all nodes, and takes over in one step. The engine leads:
 * it goes to the next phase when each node that takes part has reported the one before.
 */
import type { Member } from './ownership.ts';

/**
 * What the nodes do at the moment, in this order. The last report of `catchingUp` puts the next generation in service.
 * - `preparing`: they claim the shards of the next generation, and start them.
 * - `recording`: they record what the shards in service deliver.
 * - `buffering`: the next shards catch up, then keep what they receive.
 * - `freezing`: the shards in service catch up, then deliver nothing more.
 * - `catchingUp`: the next shards have received everything that was delivered, and the nodes know the whole record.
 */
export type SuccessionPhase = 'preparing' | 'recording' | 'buffering' | 'freezing' | 'catchingUp';

/** How long a record counts, in lease times: a node that has died is missed after one, and its shards may move once more. */
export const RECORD_LEASES = 3;

/** The shards that are to take over. */
export interface NextGeneration {
  /** Higher than that of every earlier generation, also of those that were given up: the time of the engine, for example. */
  readonly generation: number;
  readonly total: number;
  /** Grows when the nodes begin again with `preparing`. */
  readonly attempt: number;
  readonly phase: SuccessionPhase;
  /** The instance of the node that began it. When it is gone, the next generation is given up. */
  readonly leader: string;
}

/** Why a generation was given up. */
export interface SuccessionFailure {
  readonly code: string;
  readonly message: string;
}

/** What one node has done. */
export interface SuccessionReport {
  readonly generation: number;
  readonly attempt: number;
  readonly phase: SuccessionPhase;
  /** With `preparing`: how many shards of this node are ready, of the generation in service and of the next. */
  readonly ready?: { readonly current: number; readonly next: number };
  /** With `freezing`: the digests of what its shards in service have delivered since `recording`. */
  readonly record?: readonly string[];
}

/** Every call but `record` and `failure` is news for the scope `shards` when it changes something. */
export interface Succession {
  /** Begins a generation. Resolves with its number; `null` without a plan, or if another generation is about to take over. */
  begin(member: Member, total: number): Promise<number | null>;
  /**
   * Notes what a node has done; a later report of the same node replaces it. Has no effect for another attempt or phase.
   * `preparing` ends when the ready shards of all members add up to both counts. Nodes repeat that report: a member that
   * was away when the others reported counts once it is back. Those that have reported by then take part, and each later
   * phase ends when all of them have reported it.
   */
  report(member: Member, report: SuccessionReport): Promise<void>;
  /** Begins again with `preparing`, if this attempt is under way. So does the engine if a member that takes part is gone. */
  restart(generation: number, attempt: number): Promise<void>;
  /** Gives a generation up, unless it is in service. */
  abandon(generation: number, failure: SuccessionFailure): Promise<void>;
  /**
   * Resolves with all records of the last attempt. They are kept until the generation has been in service for
   * three times `leaseTtlMs`, or until another one begins: a node that joins may take over shards whose node has
   * ended right after the last phase. An older record would leave out events that only look the same.
   */
  record(generation: number): Promise<readonly string[]>;
  /** Resolves with why the last generation was given up; `null` if it was not this one. */
  failure(generation: number): Promise<SuccessionFailure | null>;
}
