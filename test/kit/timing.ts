import type { ShardTiming } from '../../src/index.ts';

/** Real time, but not much of it; only a busy machine may take a while to open a socket and to be greeted. */
export const QUICK: Partial<ShardTiming> = {
  connectTimeoutMs: 10_000,
  helloTimeoutMs: 10_000,
  resumedTimeoutMs: 10_000,
  closeTimeoutMs: 500,
  backoffBaseMs: 20,
  backoffCapMs: 200,
  invalidSessionWaitMs: [10, 50],
};

/**
 * For connections that are ended at random: a session is given up after four resumes that failed in a row, and some
 * shard is always that unlucky. And nobody is deaf there; with short times, hundreds that come back at once to a busy
 * machine would all give up and begin anew before any of them has had its turn.
 */
export const TENACIOUS: Partial<ShardTiming> = {
  ...QUICK,
  maxResumeAttempts: 10_000,
  connectTimeoutMs: 60_000,
  helloTimeoutMs: 60_000,
  resumedTimeoutMs: 60_000,
};
