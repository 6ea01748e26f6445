/** What a recording says that the gateway did, as a script: for each shard, its connections and outages in order. */

/** What the time of an act is counted from: the open connection, the client's IDENTIFY or RESUME, or its answer. */
export type Anchor = 'opened' | 'identified' | 'answered';

/** Dispatches of one kind. */
export interface ScriptedKind {
  readonly t: string;
  readonly count: number;
  /** The size of one of them. */
  readonly bytes: number;
}

/** Something that the gateway did. */
export type Act =
  /** `fallSilent`: nothing arrives any more, also no answer to a close frame. */
  | {
      readonly kind:
        | 'requestHeartbeat'
        | 'requestReconnect'
        | 'holdAcks'
        | 'releaseAcks'
        | 'fallSilent'
        | 'corrupt'
        | 'drop';
    }
  | { readonly kind: 'invalidate'; readonly isResumable: boolean }
  /** READY or RESUMED. The dispatches were sent while the shard was away. */
  | { readonly kind: 'answer'; readonly missed: readonly ScriptedKind[] }
  | { readonly kind: 'dispatches'; readonly periodMs: number; readonly kinds: readonly ScriptedKind[] }
  | { readonly kind: 'close'; readonly code: number };

export interface TimedAct {
  readonly anchor: Anchor;
  readonly afterMs: number;
  readonly act: Act;
}

/** One connection. */
export interface ConnectionStretch {
  readonly kind: 'connection';
  readonly heartbeatIntervalMs: number;
  /** `null` if HELLO never came. */
  readonly helloAfterMs: number | null;
  /** Whether the shard came to IDENTIFY or RESUME. */
  readonly hasIdentified: boolean;
  readonly acts: readonly TimedAct[];
}

export type HostName = 'main' | 'resume';

/** A time in which connections were refused. It begins when the connection before it has ended. */
export interface OutageStretch {
  readonly kind: 'outage';
  readonly durationMs: number;
  readonly hosts: ReadonlySet<HostName>;
  /** The HTTP status of the refusal; 0 drops the connection; `null` gives no answer at all. */
  readonly status: number | null;
}

export type Stretch = ConnectionStretch | OutageStretch;

/** A change of the state of a shard or a manager. */
export interface RecordedState {
  /** When it happened, in ms since the recording began. */
  readonly afterMs: number;
  readonly from: string;
  readonly to: string;
}

export interface ShardScript {
  readonly shardId: number;
  readonly shardCount: number;
  /** The guilds in READY. */
  readonly guilds: number;
  /** Whether the recording begins while the shard has a connection. */
  readonly beginsConnected: boolean;
  readonly stretches: readonly Stretch[];
  readonly states: readonly RecordedState[];
}

export interface ManagerScript {
  /** The state of the manager when the recording begins. */
  readonly firstState: string;
  readonly states: readonly RecordedState[];
}

export interface ReplayScript {
  readonly shards: readonly ShardScript[];
  /** `null` if the shards had no manager. */
  readonly manager: ManagerScript | null;
  readonly durationMs: number;
}
