/** The stage of all that is about connections rather than events. */
import type { RunSetup } from '../harness.ts';

const HEARTBEAT_INTERVAL_MS = 41_250;

export const liveSetup = (shards: number): RunSetup => ({
  mode: 'live',
  shards,
  heartbeatIntervalMs: HEARTBEAT_INTERVAL_MS,
  warmup: 0,
  measured: 0,
  seed: 0,
});
