/** The events of a manager: those of its shards, with the shard's id as last argument, and some of the manager. */
import type { ReleaseReason } from '../cluster/node/node-host.ts';
import type { GatewayError } from '../protocol/errors.ts';
import type { ArrivedGuilds } from './guild-arrivals.ts';
import { SHARD_EVENT_NAMES } from '../shard/shard-events.ts';
import type { ShardEvents } from '../shard/shard-events.ts';

/** How far a start has come. */
export interface Progress {
  /** The number of shards that are ready. */
  readonly ready: number;
  /** The number of shards that are being started. */
  readonly total: number;
  /** The estimated time until the rest is ready, in ms. It counts only the pace and the budget of IDENTIFY. */
  readonly etaMs: number;
  /** The session starts left; `null` with an identify gate that has no `budget`. */
  readonly remainingStarts: number | null;
}

type ShardEventsWithId = { [Name in keyof ShardEvents]: [...ShardEvents[Name], shardId: number] };

/** The events of a `ShardManager`, with the arguments of their listeners. */
export interface ManagerEvents extends Omit<ShardEventsWithId, 'fault' | 'failed'> {
  /** Emitted for a problem that the bot survives. The shard's id is `null` if it concerns no shard, or all. */
  fault: [GatewayError, shardId: number | null];
  /**
   * Emitted when a shard has stopped for good. The shard's id is `null` if all have, which is emitted once. What happens
   * without a listener is as for a `Shard`.
   */
  failed: [GatewayError, shardId: number | null];
  /** Emitted during a start or `reshard()`, when the number of ready or waiting shards has changed. */
  progress: [Progress];
  /** Emitted when all shards are ready, after `connect()` and after `reshard()`. */
  allReady: [];
  /**
   * Emitted when the guilds of a shard's new session have come, or 15 s after the last of them. Also when `warmStart` has
   * restored them. With a listener the manager decodes READY and the guilds.
   */
  guildsReady: [shardId: number, guilds: ArrivedGuilds];
  /** Emitted when the new shards of `reshard()` are in service; `from` and `to` are shard counts. */
  resharded: [{ from: number; to: number }];
  /** Emitted in a cluster when this node has a further shard. The shard connects now. */
  claimed: [shardId: number];
  /**
   * Emitted in a cluster when this node no longer has a shard: it was handed over to balance the nodes (`'handoff'`) or
   * because this node stops (`'stop'`), or another node has taken it (`'fenced'`).
   */
  released: [shardId: number, why: ReleaseReason];
  /** Emitted when another node has joined the cluster. */
  nodeJoined: [{ node: string }];
  /** Emitted when another node has left the cluster, or has not renewed its leases in time. */
  nodeLeft: [{ node: string }];
}

/**
 * The events that a manager forwards unchanged. `dispatch` is delivered in its own way, and `raw` is forwarded only
 * once there was a listener for it.
 */
export const FORWARDED_EVENTS = [
  'stateChange',
  'connected',
  'hello',
  'ready',
  'resumed',
  'reconnected',
  'disconnected',
  'heartbeat',
  'rateLimited',
  'throttled',
  'lagged',
  'fault',
  'failed',
] as const satisfies (keyof ShardEvents)[];

/** All events of a manager, for checks of names. */
export const MANAGER_EVENT_NAMES: ReadonlySet<string> = new Set([
  ...SHARD_EVENT_NAMES,
  ...Object.keys({
    progress: true,
    allReady: true,
    guildsReady: true,
    resharded: true,
    claimed: true,
    released: true,
    nodeJoined: true,
    nodeLeft: true,
  } satisfies Record<Exclude<keyof ManagerEvents, keyof ShardEvents>, true>),
]);
