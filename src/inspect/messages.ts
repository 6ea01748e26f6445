/**
 * The messages between the inspector and its pages, sent as JSON over one WebSocket. They contain states, event names,
 * transitions and counters. Payloads are included only with the option `payloads`, and the token never.
 */
import type { ManagerState, ShardState } from '../../machines/index.ts';

/** One cell of the grid. */
export interface ShardSummary {
  /** Unique, also when two managers have shards with the same id. */
  readonly key: string;
  readonly shardId: number;
  readonly shardCount: number;
  readonly state: ShardState;
  /** When it entered this state, in ms since the epoch, like all times here. */
  readonly since: number;
  readonly pingMs: number | null;
  readonly dispatchesPerSecond: number;
  readonly sequence: number | null;
  readonly lastDispatchAt: number | null;
  readonly pendingSends: number;
  /** Frames sent in the last 60 s, and how many Discord allows. `null` without a connection. */
  readonly sendWindow: { readonly used: number; readonly limit: number } | null;
  /** The number of its worker thread, from 0; missing in the main thread. */
  readonly worker?: number;
}

/** How far a group of consumers has come. */
export interface GroupSummary {
  readonly group: string;
  /** Not delivered yet. */
  readonly lag: number;
  /** Delivered and not acknowledged. */
  readonly pending: number;
  readonly deadLetters: number;
}

/** A node of a cluster: a group of the grid. */
export interface NodeSummary {
  readonly node: string;
  /** On the clock of the engine. Tells nodes of one name apart. */
  readonly joinedAt: number;
  readonly shards: readonly number[];
  readonly isDraining: boolean;
  /** Whether it is the manager that says this. */
  readonly isSelf: boolean;
  /** It has missed a renewal. */
  readonly isAway: boolean;
  /** No answer of the engine reaches it in time: it takes no shard. Missing in recordings of earlier versions. */
  readonly isStalled?: boolean;
}

/** The cluster of a manager that is a node, as that node saw it last. */
export interface ClusterSummary {
  /** The name of this node. */
  readonly node: string;
  /** `redis`, `memory`, or another kind of engine. */
  readonly engine: string;
  readonly isReachable: boolean;
  readonly nodes: readonly NodeSummary[];
  /** The shards that no node holds. */
  readonly unowned: readonly number[];
  /** The keys of the shards that run on this node. */
  readonly running: readonly string[];
  /** The groups of consumers, by name. */
  readonly groups: readonly GroupSummary[];
}

/** A manager, above the shards it runs. */
export interface ManagerSummary {
  /** Unique among the keys of managers and shards. */
  readonly key: string;
  readonly state: ManagerState;
  readonly since: number;
  /** The shard count of the bot; `null` before it is known. */
  readonly total: number | null;
  /** How many shards in service are ready. */
  readonly ready: number;
  /** How many shards are in service. */
  readonly shards: number;
  /** The shards that will take over; `null` when the manager does not reshard. */
  readonly resharding: { readonly total: number; readonly ready: number } | null;
  /** Missing without a cluster, and in a batch if it is as before; `null` once the manager has left its cluster. */
  readonly cluster?: ClusterSummary | null;
}

/** The queue of the identify gate and the remaining session starts. */
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
  /** Ids of the states active after it, for `event` entries, and for `state` entries where no step says it. */
  readonly active?: readonly string[];
  /** Ids of the transitions taken, as in the charts, for `event` entries. */
  readonly taken?: readonly string[];
  /** The redacted payload of a dispatch, only with `payloads`. */
  readonly payload?: unknown;
  /** What to do about a fault. */
  readonly hint?: string;
}

/** An entry that the registry has not numbered yet. */
export type NewLogEntry = Omit<LogEntry, 'id' | 'shard'>;

/** A heartbeat. Its latency is `null` when it was not acknowledged in time. */
export interface Heartbeat {
  readonly at: number;
  readonly latencyMs: number | null;
}

/** The start of a bar on the timeline. */
export interface StateChange {
  readonly at: number;
  readonly state: ShardState;
}

/** A mark on the timeline. */
export interface Mark {
  readonly at: number;
  readonly kind: 'closed' | 'fault' | 'failed';
  /** `4000`, `DECODE_FAILED`. */
  readonly text: string;
}

/** Dispatches a second over time. */
export interface RateHistory {
  readonly from: number;
  readonly binMs: number;
  /** One for each `binMs` since `from`; `null` where nothing was measured. */
  readonly perSecond: readonly (number | null)[];
}

/** Everything known about one shard or manager beyond its summary. */
export interface ShardDetail {
  readonly key: string;
  /** The id of its machine, for the path of the chart: `/charts/shard.svg`. */
  readonly chart: string;
  readonly active: readonly string[];
  readonly states: readonly StateChange[];
  readonly marks: readonly Mark[];
  readonly heartbeats: readonly Heartbeat[];
  /** Only of a recording. A live page counts itself. For a manager, of all shards. */
  readonly rates?: RateHistory;
}

/** An incident of a recording, as `explain` tells it. */
export interface RecordedIncident {
  readonly number: number;
  readonly title: string;
  readonly shards: readonly number[];
  readonly startAt: number;
  readonly endAt: number;
  readonly what: string;
  readonly did: string;
  readonly lost: string;
  readonly advice: string;
}

/** What the scrubber shows of a recording. */
export interface RecordedSpan {
  readonly from: number;
  readonly to: number;
  readonly incidents: readonly RecordedIncident[];
  /** What could not be read, and what is left out. */
  readonly problems: readonly string[];
  /** The dispatches of all shards in each `binMs` since `from`. */
  readonly dispatches: { readonly binMs: number; readonly counts: readonly number[] };
}

export type ToPage =
  /** What a recording says about one time, with the log before it. Its length has a limit. */
  | {
      readonly type: 'moment';
      readonly now: number;
      readonly version: string;
      /** Only in the first message to a page. */
      readonly span: RecordedSpan | null;
      readonly managers: readonly ManagerSummary[];
      readonly shards: readonly ShardSummary[];
      readonly log: readonly LogEntry[];
      readonly identify: IdentifyReport | null;
      readonly detail: ShardDetail | null;
    }
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
  /** The response to `select`. */
  | { readonly type: 'detail'; readonly now: number; readonly detail: ShardDetail }
  /** Sent 50 ms after there is news, and every 250 ms if counters have changed. */
  | {
      readonly type: 'batch';
      readonly now: number;
      /** Managers that have changed. */
      readonly managers: readonly ManagerSummary[];
      /** Shards that have changed. */
      readonly shards: readonly ShardSummary[];
      /** Keys of shards that are no longer watched. */
      readonly removed: readonly string[];
      /** `event`, `heartbeat` and `dispatch` entries are only those of the selected shard. */
      readonly log: readonly LogEntry[];
      readonly identify: IdentifyReport | null;
      /** Updates of the selected shard. */
      readonly states: readonly StateChange[];
      readonly marks: readonly Mark[];
      readonly heartbeats: readonly Heartbeat[];
    };

export type FromPage =
  | { readonly type: 'select'; readonly shard: string | null }
  /** Asks for another time of a recording. */
  | { readonly type: 'seek'; readonly at: number };
