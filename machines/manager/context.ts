/** What the machine of a manager remembers. Contains no token and no shards; `src/manager` holds those. */
import type { Failure, GatewayInfo } from './events.ts';
import type { ShardTiming } from '../timing.ts';

/** What the machine of a manager starts with. */
export interface ManagerInput {
  readonly timing: ShardTiming;
  /** How many session starts must remain after a resharding. */
  readonly reserve: number;
}

/** What the machine of a manager remembers. */
export interface ManagerContext extends ManagerInput {
  /** How often in a row `GET /gateway/bot` failed. */
  readonly attempt: number;
  /** The wait that the last answer of `GET /gateway/bot` demanded. */
  readonly retryAfterMs: number | null;
  readonly info: GatewayInfo | null;
  /** The shard count to reshard to; `null` while not resharding. */
  readonly targetTotal: number | null;
  /** Why the manager failed. */
  readonly failure: Failure | null;
}
