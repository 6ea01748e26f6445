/** A manager at one moment, as plain data. */
import type { ManagerState, ShardState } from '../../machines/index.ts';
import type { IdentifyBudget } from '../identify/identify-gate.ts';
import type { GatewayErrorCode } from '../protocol/errors.ts';
import type { ShardSet } from './shard-set.ts';

export interface ShardStatus {
  readonly shardId: number;
  readonly state: ShardState;
  /** The last round trip in ms. */
  readonly pingMs: number | null;
  /** How long the session has been known to this process, in ms; `null` without one. */
  readonly sessionAgeMs: number | null;
  readonly sequence: number | null;
  /** In ms of the clock. */
  readonly lastDispatchAt: number | null;
  readonly pendingSends: number;
  /** Why it has stopped for good. */
  readonly failure: GatewayErrorCode | null;
}

export interface ManagerStatus {
  readonly state: ManagerState;
  /** The shard count of the bot; `null` before it is known. */
  readonly total: number | null;
  readonly ready: number;
  readonly shards: readonly ShardStatus[];
  /** The shards that are to take over. */
  readonly resharding: { readonly total: number; readonly ready: number } | null;
  /** Session starts; `null` before they are known, and when the identify gate does not tell. */
  readonly budget: IdentifyBudget | null;
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
