/** Reads the status of a manager or of a single shard, in the form that a manager has. */
import type { ManagerState, ShardState } from '../../machines/index.ts';
import type { ManagerStatus } from '../manager/manager-status.ts';

/** An object with a status, such as a `ShardManager`. */
export interface ManagerSource {
  /** Returns the status for one report. */
  status(): ManagerStatus;
}

/** The part of a `Shard` that a report shows. */
export interface ShardSource {
  readonly state: ShardState;
  readonly shardId: number;
  readonly shardCount: number;
  readonly ping: number | null;
  readonly lastSequence: number | null;
  readonly health: { readonly lastDispatchAt: number | null };
  readonly pendingSends: number;
}

/** A `ShardManager` or a `Shard`. */
export type StatusSource = ManagerSource | ShardSource;

/** What a manager with this one shard would be doing. */
const MANAGER_STATES: Readonly<Record<ShardState, ManagerState>> = {
  disconnected: 'stopped',
  connecting: 'starting',
  identifying: 'starting',
  resuming: 'starting',
  ready: 'running',
  zombie: 'running',
  reconnecting: 'running',
  disconnecting: 'draining',
  failed: 'failed',
};

/** All states of a shard, so that each has a number in every report. */
export const SHARD_STATES = Object.keys(MANAGER_STATES) as readonly ShardState[];

function statusOfShard(shard: ShardSource): ManagerStatus {
  const { shardId, state } = shard;
  return {
    state: MANAGER_STATES[state],
    total: shard.shardCount,
    ready: state === 'ready' ? 1 : 0,
    shards: [
      {
        shardId,
        state,
        pingMs: shard.ping,
        sessionAgeMs: null,
        sequence: shard.lastSequence,
        lastDispatchAt: shard.health.lastDispatchAt,
        pendingSends: shard.pendingSends,
        failure: null,
      },
    ],
    resharding: null,
    budget: null,
    cluster: null,
  };
}

export const statusOf = (source: StatusSource): ManagerStatus =>
  'status' in source ? source.status() : statusOfShard(source);

/** Returns how many shards are in each state. */
export function countStates({ shards }: ManagerStatus): ReadonlyMap<ShardState, number> {
  const counts = new Map<ShardState, number>(SHARD_STATES.map((state) => [state, 0]));
  for (const { state } of shards) counts.set(state, (counts.get(state) ?? 0) + 1);
  return counts;
}
