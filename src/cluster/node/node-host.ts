/**
 * What a node of a cluster and the manager around it know of each other. The manager implements `NodeHost` and loads the
 * node only with the option `engine`, so that the cluster does not import the manager.
 */
import type { GatewayRequestGuildMembersData } from 'discord-api-types/v10';
import type { Failure, ShardState, ShardTiming } from '../../../machines/index.ts';
import type { Clock } from '../../clock.ts';
import type { IdentifyGate } from '../../identify/identify-gate.ts';
import type { GatewayError } from '../../protocol/errors.ts';
import type { SendPayload } from '../../protocol/packets.ts';
import type { Session } from '../../session/session.ts';
import type { SessionStore } from '../../session/session-store.ts';
import type { SnapshotStore } from '../../session/snapshot/snapshot-store.ts';
import type { BufferBudget } from '../../shard/buffer-budget.ts';
import type { SendOptions } from '../../shard/command-sender.ts';
import type { GuildMembers, RequestOptions } from '../../shard/guild-member-requests.ts';
import type { Logger } from '../../shard/logger.ts';

/** A shard that runs in this process, as the node sees it. The handles of a manager are such shards. */
export interface NodeShard {
  readonly shardId: number;
  readonly state: ShardState;
  readonly session: Session | null;
  send(payload: SendPayload, options?: SendOptions): Promise<void>;
  requestGuildMembers(request: GatewayRequestGuildMembersData, options?: RequestOptions): Promise<GuildMembers>;
  /** Resolves when no send or request is pending. Never rejects. */
  settled(): Promise<void>;
}

/** Why a node no longer has a shard. */
export type ReleaseReason = 'handoff' | 'stop' | 'fenced';

/** What shards have delivered while others replaced them. Who takes one of these over may receive it again. */
export interface HandOverRecord {
  readonly digests: readonly string[];
  /** How long that may happen, from now on. */
  readonly lastsMs: number;
}

export const NO_RECORD: HandOverRecord = { digests: [], lastsMs: 0 };

/** What a manager needs of its node to create shards. */
export interface NodeEntry {
  /** Which generation of shards it is; 0 before the first resharding. */
  readonly generation: number;
  /** The shard count that all nodes have agreed on. */
  readonly total: number;
  readonly record: HandOverRecord;
  readonly store: SessionStore & SnapshotStore;
  readonly gate: IdentifyGate;
}

/** The manager, as its node sees it. */
export interface NodeHost {
  readonly resharding: ReshardHost;
  readonly clock: Clock;
  readonly random: () => number;
  readonly logger: Logger;
  readonly timing: ShardTiming;
  /** What waits here for consumers of `dispatches()` and, with `publish`, for the engine: `maxBufferedBytes` in all. */
  readonly budget: BufferBudget;
  /** The shards that run here, by id. */
  readonly shards: ReadonlyMap<number, NodeShard>;
  /** Creates a shard and connects it. Its session is in the store of the node by then. */
  startShard(shardId: number, generation: number): void;
  /**
   * Closes a shard with a code that keeps its session, and removes it. Resolves when its socket is closed and its session
   * was given to the store of the node. Never rejects.
   */
  stopShard(shardId: number, why: ReleaseReason, generation: number): Promise<void>;
  /** Closes a shard at once and removes it: its session belongs to another node now, so nothing of it is stored. */
  dropShard(shardId: number, generation: number): void;
  /**
   * Resumes a shard from an earlier sequence of its session, so that Discord sends the dispatches after it again. Called
   * by the publisher when the engine has lost more than it remembers.
   */
  rewindShard(shardId: number, sequence: number): void;
  /** While `true`, dispatches are held back, and no shard connects. Then what was held back is delivered. */
  setSuspended(isSuspended: boolean): void;
  reportFault(error: GatewayError, shardId: number | null): void;
  onClaimed(shardId: number, generation: number): void;
  onReleased(shardId: number, why: ReleaseReason, generation: number): void;
  onNodeJoined(node: string): void;
  onNodeLeft(node: string): void;
  /** The node is a member, and may start shards from now on. */
  onEntered(entry: NodeEntry): void;
  /** The node has joined, and the shards that it holds by now have been started. */
  onJoined(): void;
  /** The node can't take part: the engine can't be used. */
  onFailed(error: GatewayError): void;
}

/** The manager, as its node sees it while the bot is resharded. */
export interface ReshardHost {
  /** The node takes its share of a generation that is to take over. Its shards start as those in service do. */
  prepareNext(entry: NodeEntry): void;
  /** Whether all shards here are ready, of both generations, and the next ones have received their guilds. */
  readonly isNextReady: boolean;
  /** Records from now on what the shards in service deliver. */
  beginHandOver(): void;
  /**
   * Resolves when the next shards have caught up. From then on they keep what they receive. Resolves with their sessions as
   * they are at that time. This and the next two reject if a connection is lost first.
   */
  bufferNext(): Promise<readonly Session[]>;
  /** Resolves when the shards in service have caught up and deliver nothing more, with what they have delivered. */
  freezeCurrent(): Promise<readonly string[]>;
  /** Resolves when the next shards have caught up again. `record` is what all nodes have delivered. */
  catchUp(record: readonly string[]): Promise<void>;
  /** The shards in service go on, and deliver what they have received; with `false` nothing of it: it comes again. */
  cancelHandOver(delivers?: boolean): void;
  /** Puts the next generation in service: what it has kept and is not in the record is delivered. */
  switchOver(record: HandOverRecord): void;
  /** Closes the next generation. */
  discardNext(): void;
  /** This node has begun the resharding, and the hand-over begins, or begins again later. */
  onHandingOver(isHandingOver: boolean): void;
  /** This node has begun the resharding, and it was given up. */
  onReshardFailed(failure: Failure): void;
}

/** What `status()` says of a node. Times are in ms since the epoch, on the clock of the engine. */
export interface NodeStatus {
  /** Its name, from the option `node`. */
  readonly node: string;
  /** The ids of the shards it holds. */
  readonly shards: readonly number[];
  readonly joinedAt: number;
  readonly lastSeenAt: number;
  /** Whether it hands its shards over and takes none. */
  readonly isDraining: boolean;
  /** Whether it is the node that says this. Another node may have the same name. */
  readonly isSelf: boolean;
  /** Whether it has missed a renewal. If it does not come back in time, its shards go to others. */
  readonly isAway: boolean;
  /** Whether no answer of the engine reaches it in time: it keeps its shards, and takes none. */
  readonly isStalled: boolean;
}

/** How far a group of consumers has come, over all shards. */
export interface GroupStatus {
  readonly group: string;
  /** Not delivered yet. */
  readonly lag: number;
  /** Delivered and not acknowledged. */
  readonly pending: number;
  readonly deadLetters: number;
}

/** The cluster, as this node sees it. */
export interface ClusterStatus {
  /** The name of this node. */
  readonly node: string;
  readonly nodes: readonly NodeStatus[];
  /** The shards that no node holds. */
  readonly unowned: readonly number[];
  /** `'redis'`, `'memory'`, or the `kind` of an engine of your own. */
  readonly engine: string;
  /** Whether the engine answered last time. */
  readonly isReachable: boolean;
}
