/** What the machine of a fleet remembers. No secrets, no shards: those live in `src/manager`. */
import type { Failure, GatewayInfo } from './events.ts';
import type { ShardTiming } from '../timing.ts';

export interface ManagerInput {
  readonly timing: ShardTiming;
  /** Session starts a resharding must leave. */
  readonly reserve: number;
}

export interface ManagerContext extends ManagerInput {
  /** Times in a row that `GET /gateway/bot` was of no use. */
  readonly attempt: number;
  /** How long the last answer asked to be left alone. */
  readonly retryAfterMs: number | null;
  readonly info: GatewayInfo | null;
  /** The shard count that is wanted; `null` when none is. */
  readonly targetTotal: number | null;
  /** Why the fleet was given up. */
  readonly failure: Failure | null;
}
