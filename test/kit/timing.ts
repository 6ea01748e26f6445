/** Short waits for tests in real time. */
import type { ShardTiming } from '../../src/index.ts';

/** Short waits, except for the socket to open and for the first answers, which take long on a busy machine. */
export const QUICK: Partial<ShardTiming> = {
  connectTimeoutMs: 10_000,
  helloTimeoutMs: 10_000,
  resumedTimeoutMs: 10_000,
  closeTimeoutMs: 500,
  backoffBaseMs: 20,
  backoffCapMs: 200,
  invalidSessionWaitMs: [10, 50],
  // A busy machine makes any listener slow.
  slowListenerMs: null,
};

/**
 * For tests that end connections at random. With the default of four failed resumes in a row, some shard would always
 * lose its session. And with short waits, hundreds of shards that reconnect at once to a busy machine would all time
 * out before their turn.
 */
export const TENACIOUS: Partial<ShardTiming> = {
  ...QUICK,
  maxResumeAttempts: 10_000,
  connectTimeoutMs: 60_000,
  helloTimeoutMs: 60_000,
  resumedTimeoutMs: 60_000,
};
