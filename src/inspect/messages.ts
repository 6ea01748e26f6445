/**
 * What the inspector and its pages say to each other, as JSON over one WebSocket. States, names of events, edges and
 * counters only: a payload is in it when the user asked for payloads, and the token never is.
 */
import type { ManagerState, ShardState } from '../../machines/index.ts';

/** One cell of the grid. */
export interface ShardSummary {
  /** Tells shards apart, also those of two fleets with the same id. */
  readonly key: string;
  readonly shardId: number;
  readonly shardCount: number;
  readonly state: ShardState;
  /** When it came into this state, in ms since the epoch, as all times here. */
  readonly since: number;
  readonly pingMs: number | null;
  readonly dispatchesPerSecond: number;
  readonly sequence: number | null;
  readonly lastDispatchAt: number | null;
  readonly pendingSends: number;
  /** Frames in the sliding 60 s, and how many Discord allows; `null` without a connection. */
  readonly sendWindow: { readonly used: number; readonly limit: number } | null;
}

/** A manager, above the shards it runs. */
export interface ManagerSummary {
  /** Among those of the shards. */
  readonly key: string;
  readonly state: ManagerState;
  readonly since: number;
  /** The shard count of the bot; `null` before it is known. */
  readonly total: number | null;
  /** Of its shards in service, those that are ready. */
  readonly ready: number;
  /** How many it has in service. */
  readonly shards: number;
  /** The shards that are to take over. */
  readonly resharding: { readonly total: number; readonly ready: number } | null;
}

/** The identify queue and the day's session starts. */
export interface IdentifyReport {
  readonly waiting: number;
  readonly total: number;
  readonly remaining: number;
  readonly resetAfterMs: number;
}

export type LogKind = 'state' | 'event' | 'heartbeat' | 'closed' | 'fault' | 'failed' | 'notice' | 'dispatch';

export interface LogEntry {
  /** Grows by one with each entry of this inspector. */
  readonly id: number;
  readonly at: number;
  readonly shard: string;
  readonly kind: LogKind;
  /** `ready → zombie`, `gateway.heartbeatAck`, `4000 unknown error (gateway); will resume`, … */
  readonly text: string;
  /** What was active after it, as ids of states; for `event` entries, and `state` entries where events are not seen. */
  readonly active?: readonly string[];
  /** The edges taken, by the ids the charts have; for `event` entries. */
  readonly taken?: readonly string[];
  /** Only with `payloads`, of a dispatch, redacted. */
  readonly payload?: unknown;
}

/** Before it has its place in the log. */
export type NewLogEntry = Omit<LogEntry, 'id' | 'shard'>;

/** A heartbeat: `null` when it was not answered in time. */
export interface Heartbeat {
  readonly at: number;
  readonly latencyMs: number | null;
}

/** A stretch of the timeline begins. */
export interface StateChange {
  readonly at: number;
  readonly state: ShardState;
}

/** Something to mark on the timeline. */
export interface Mark {
  readonly at: number;
  readonly kind: 'closed' | 'fault' | 'failed';
  /** `4000`, `DECODE_FAILED`. */
  readonly text: string;
}

/** All that is known of one shard, or manager, beyond its summary. */
export interface ShardDetail {
  readonly key: string;
  /** The machine its chart is of: `/charts/shard.svg`. */
  readonly chart: string;
  readonly active: readonly string[];
  readonly states: readonly StateChange[];
  readonly marks: readonly Mark[];
  readonly heartbeats: readonly Heartbeat[];
}

export type ToPage =
  | {
      readonly type: 'welcome';
      readonly version: string;
      readonly now: number;
      readonly payloads: boolean;
      readonly managers: readonly ManagerSummary[];
      readonly shards: readonly ShardSummary[];
      readonly log: readonly LogEntry[];
      readonly identify: IdentifyReport | null;
    }
  /** The answer to `select`. */
  | { readonly type: 'detail'; readonly now: number; readonly detail: ShardDetail }
  /** At most one in 50 ms. */
  | {
      readonly type: 'batch';
      readonly now: number;
      /** Those that have changed. */
      readonly managers: readonly ManagerSummary[];
      /** Those that have changed. */
      readonly shards: readonly ShardSummary[];
      /** Keys of those that are no longer watched. */
      readonly removed: readonly string[];
      /** `event`, `heartbeat` and `dispatch` entries only of the shard that is selected. */
      readonly log: readonly LogEntry[];
      readonly identify: IdentifyReport | null;
      /** Of the shard that is selected. */
      readonly states: readonly StateChange[];
      readonly marks: readonly Mark[];
      readonly heartbeats: readonly Heartbeat[];
    };

export type FromPage = { readonly type: 'select'; readonly shard: string | null };
