/** The status of a shard of which only the state matters. */
import type { ShardState, ShardStatus } from '../../src/index.ts';

export const shardStatus = (state: ShardState, shardId: number): ShardStatus => ({
  shardId,
  state,
  pingMs: null,
  sessionAgeMs: null,
  sequence: null,
  lastDispatchAt: null,
  pendingSends: 0,
  failure: null,
});
