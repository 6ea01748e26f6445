/** What a manager tells, event by event: all that its shards tell, with the shard's id behind it, and of itself. */
import type { GatewayError } from '../protocol/errors.ts';
import type { ShardEvents } from '../shard/shard-events.ts';

export interface Progress {
  /** Shards that are ready. */
  readonly ready: number;
  readonly total: number;
  /** When the rest may be ready, in ms from now: by the pace and the budget of IDENTIFY alone. */
  readonly etaMs: number;
  /** Session starts left; `null` when the identify gate does not tell. */
  readonly remainingStarts: number | null;
}

type ShardEventsWithId = { [Name in keyof ShardEvents]: [...ShardEvents[Name], shardId: number] };

/** The arguments of each event of a `ShardManager`. */
export interface ManagerEvents extends Omit<ShardEventsWithId, 'fault' | 'failed'> {
  /** Something went wrong that is survived; `null` for what concerns no shard, or all. */
  fault: [GatewayError, shardId: number | null];
  /** A shard has stopped for good; `null` for all of them, once. */
  failed: [GatewayError, shardId: number | null];
  /** A shard more, or less, is ready, of those that are being brought up. */
  progress: [Progress];
  /** All shards are ready: after `connect()`, and after `reshard()`. */
  allReady: [];
  /** The new shards are in service. */
  resharded: [{ from: number; to: number }];
}

/** What is relayed as it comes; `dispatch` has a way of its own, and `raw` is only asked for when somebody listens. */
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
