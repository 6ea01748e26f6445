/** The stage of all that is about connections rather than events. */
import type { Setting } from '../theatre.ts';

const HEARTBEAT_INTERVAL_MS = 41_250;

export const liveStage = (shards: number): Setting => ({
  mode: 'live',
  shards,
  heartbeatIntervalMs: HEARTBEAT_INTERVAL_MS,
  warmup: 0,
  measured: 0,
  seed: 0,
});
