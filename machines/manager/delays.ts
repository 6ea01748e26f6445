/** Every delayed transition of a fleet, by name. */
import type { ManagerContext } from './context.ts';
import { reconnectDelayMs } from '../timing.ts';
import type { Random } from '../timing.ts';

/** A hand-over takes a few round trips; one that takes longer starts anew, with the old shards in service meanwhile. */
export const HAND_OVER_TIMEOUT_MS = 15_000;

type Delay = (args: { context: ManagerContext }) => number;

/** The first backoff of a shard may be none at all; a REST call that failed is not repeated that fast. */
const MIN_ATTEMPT = 2;

export const managerDelays = (random: Random) =>
  ({
    infoTimeout: ({ context }) => context.timing.connectTimeoutMs,
    infoRetryDelay: ({ context: { timing, attempt, retryAfterMs } }) =>
      (retryAfterMs ?? timing.backoffBaseMs) +
      reconnectDelayMs('backoff', { timing, attempt: Math.max(MIN_ATTEMPT, attempt), readyTimeouts: 0 }, random),
    handOverTimeout: () => HAND_OVER_TIMEOUT_MS,
    drainTimeout: ({ context }) => context.timing.closeTimeoutMs,
  }) satisfies Record<string, Delay>;
