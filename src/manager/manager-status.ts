/** The status of a manager, as plain data. */
import type { ManagerState, ShardState } from '../../machines/index.ts';
import type { ClusterStatus } from '../cluster/node/node-host.ts';
import type { IdentifyBudget } from '../identify/identify-gate.ts';
import type { GatewayErrorCode } from '../protocol/errors.ts';
import type { ShardSet } from './shard-set.ts';

/** The status of one shard, in {@link ManagerStatus}. */
export interface ShardStatus {
  readonly shardId: number;
  readonly state: ShardState;
  /** The last round trip of a heartbeat, in ms; `null` before the first ACK. */
  readonly pingMs: number | null;
  /** How long this process has known the session, in ms; `null` without a session. */
  readonly sessionAgeMs: number | null;
  /** The sequence of the session; `null` without a session. */
  readonly sequence: number | null;
  /** When the last dispatch arrived, in ms of the manager's clock; `null` before the first. */
  readonly lastDispatchAt: number | null;
  /** The number of payloads that wait to be sent. */
  readonly pendingSends: number;
  /** The code of the error that stopped the shard for good; `null` if it has not failed. */
  readonly failure: GatewayErrorCode | null;
}

/** What `ShardManager.status()` returns: a copy that does not change later and can be written as JSON. */
export interface ManagerStatus {
  readonly state: ManagerState;
  /** The shard count of the bot; `null` before the manager knows it. */
  readonly total: number | null;
  /** The number of shards in service that are ready. */
  readonly ready: number;
  /** The shards in service, by id. */
  readonly shards: readonly ShardStatus[];
  /** During `reshard()`, the shards that are to take over; otherwise `null`. */
  readonly resharding: { readonly total: number; readonly ready: number } | null;
  /** The session starts left; `null` before they are known, and with an identify gate that has no `budget`. */
  readonly budget: IdentifyBudget | null;
  /** The nodes of the cluster and their shards, as this node saw them last; `null` without `engine`. */
  readonly cluster: ClusterStatus | null;
}

export const shardStatusesOf = (set: ShardSet, now: number): ShardStatus[] =>
  [...set.handles.values()].map(({ shardId, state, ping, session, health, pendingSends }) => {
    const since = set.sessionSince.get(shardId);
    return {
      shardId,
      state,
      pingMs: ping,
      sessionAgeMs: session === null || since === undefined ? null : now - since,
      sequence: session?.sequence ?? null,
      lastDispatchAt: health.lastDispatchAt,
      pendingSends,
      failure: set.failures.get(shardId)?.code ?? null,
    };
  });
