/** The speeds of the demo. All waits are shorter than Discord's, so that more happens. */
import type { ShardTiming } from '../../index.ts';

export interface Pace {
  readonly heartbeatIntervalMs: number;
  /** The time between two bursts of dispatches. */
  readonly burstEveryMs: number;
  /** The number of bursts before and after each fault. */
  readonly bursts: { readonly before: number; readonly after: number };
  readonly rateEveryMs: number;
  /** The wait between two IDENTIFYs; Discord's is 5 s. */
  readonly identifyIntervalMs: number;
  readonly timing: Partial<ShardTiming>;
}

export const NORMAL: Pace = {
  heartbeatIntervalMs: 1_200,
  burstEveryMs: 50,
  bursts: { before: 24, after: 60 },
  rateEveryMs: 2_000,
  identifyIntervalMs: 1_000,
  timing: {
    stableAfterMs: 1_000,
    backoffBaseMs: 500,
    backoffCapMs: 1_000,
    invalidSessionWaitMs: [400, 1_200],
    closeTimeoutMs: 1_000,
  },
};

export const FAST: Pace = {
  heartbeatIntervalMs: 450,
  burstEveryMs: 50,
  bursts: { before: 8, after: 17 },
  rateEveryMs: 1_000,
  identifyIntervalMs: 200,
  timing: {
    stableAfterMs: 250,
    backoffBaseMs: 200,
    backoffCapMs: 300,
    invalidSessionWaitMs: [100, 300],
    closeTimeoutMs: 500,
  },
};
