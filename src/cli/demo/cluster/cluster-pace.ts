/** The speeds of the demo of a cluster. All times are shorter than the defaults, so that more happens. */
import type { ShardTiming } from '../../../index.ts';
import { FAST, NORMAL } from '../pace.ts';

export interface ClusterPace {
  readonly leaseTtlMs: number;
  readonly maxMovesPerSecond: number;
  readonly burstEveryMs: number;
  /** Quiet time before each step, to read. */
  readonly restMs: number;
  /** How long a node is frozen, at least. Longer than `leaseTtlMs`. */
  readonly freezeMs: number;
  /** How long the engine is away. Longer than `leaseTtlMs`. */
  readonly cutMs: number;
  readonly heartbeatIntervalMs: number;
  readonly timing: Partial<ShardTiming>;
}

/** Longer than a frozen process is frozen, so that only the cluster notices. */
const HEARTBEAT_INTERVAL_MS = 15_000;

export const NORMAL_CLUSTER: ClusterPace = {
  leaseTtlMs: 3_000,
  maxMovesPerSecond: 4,
  burstEveryMs: 100,
  restMs: 2_000,
  freezeMs: 6_000,
  cutMs: 5_000,
  heartbeatIntervalMs: HEARTBEAT_INTERVAL_MS,
  timing: NORMAL.timing,
};

export const FAST_CLUSTER: ClusterPace = {
  leaseTtlMs: 2_000,
  maxMovesPerSecond: 16,
  burstEveryMs: 100,
  restMs: 200,
  freezeMs: 3_000,
  cutMs: 3_000,
  heartbeatIntervalMs: HEARTBEAT_INTERVAL_MS,
  timing: FAST.timing,
};
