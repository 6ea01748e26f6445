/** Settings without random faults, for tests that inject one fault on purpose. */
import type { ScriptEvent } from './script.ts';
import type { Setting } from './setting.ts';

/** One shard for one hour. */
export const HEALTHY: Partial<Setting> = {
  durationMs: 3_600_000,
  shards: 1,
  maxConcurrency: 1,
  compression: 'none',
  heartbeatIntervalMs: 41_250,
  latencyMs: 20,
  jitterMs: 5,
  lateness: { earlyMs: 0, usualMs: 1, worstMs: 5 },
  trafficMs: 5_000,
  sessionTtlMs: 300_000,
  resumedSequence: 'next',
  budget: { total: 100, remaining: 100, resetAfterMs: 86_400_000 },
  shouldReconnect: true,
  hasStore: true,
  hasSystemClock: true,
  maxDispatchSilenceMs: null,
  maxBufferedBytes: null,
  manager: null,
};

/** A manager with six shards and a `max_concurrency` of 2. */
export const HEALTHY_MANAGER: Partial<Setting> = {
  ...HEALTHY,
  shards: 6,
  maxConcurrency: 2,
  manager: { shards: 'auto', reserve: 0, guilds: 12 },
};

/** Returns one event of a script. */
export const event = (at: number, name: string, kind: ScriptEvent['kind'] = 'fault', detailSeed = 1): ScriptEvent => ({
  at,
  kind,
  name,
  shardIndex: 0,
  detailSeed,
});
