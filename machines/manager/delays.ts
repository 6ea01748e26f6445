/** The delays of a manager's chart, by name. */
import type { ManagerContext } from './context.ts';
import { NO_LOSSES, reconnectDelayMs } from '../timing.ts';
import type { Random } from '../timing.ts';

/** A hand-over takes a few round trips. After this time it starts over; the old shards stay in service meanwhile. */
export const HAND_OVER_TIMEOUT_MS = 15_000;

type Delay = (args: { context: ManagerContext }) => number;

/** The first backoff of a shard may be 0 ms, which is too fast for a failed REST call. */
const MIN_ATTEMPT = 2;

export const managerDelays = (random: Random) =>
  ({
    infoTimeout: ({ context }) => context.timing.connectTimeoutMs,
    infoRetryDelay: ({ context: { timing, attempt, retryAfterMs } }) =>
      (retryAfterMs ?? timing.backoffBaseMs) +
      reconnectDelayMs(
        'backoff',
        { timing, lossCounts: { ...NO_LOSSES, unreachable: Math.max(MIN_ATTEMPT, attempt) }, readyTimeouts: 0 },
        random,
      ),
    handOverTimeout: () => HAND_OVER_TIMEOUT_MS,
    drainTimeout: ({ context }) => context.timing.closeTimeoutMs,
  }) satisfies Record<string, Delay>;
