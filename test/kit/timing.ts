import type { ShardTiming } from '../../src/index.ts';

/** Real time, but not much of it. */
export const QUICK: Partial<ShardTiming> = {
  connectTimeoutMs: 2_000,
  helloTimeoutMs: 2_000,
  resumedTimeoutMs: 2_000,
  closeTimeoutMs: 500,
  backoffBaseMs: 20,
  backoffCapMs: 200,
  invalidSessionWaitMs: [10, 50],
};
