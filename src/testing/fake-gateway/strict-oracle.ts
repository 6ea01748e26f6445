/** The oracle of a strict gateway. */
import { Oracle } from '../oracle/oracle.ts';
import type { Settings } from './options.ts';

/** Gateway and client may share a busy process, so what it costs them is no fault. */
const LATE_MS = 2_000;
const ROUND_TRIP_MS = 5_000;

export function createStrictOracle(settings: Settings, port: number): Oracle {
  const { clock, heartbeatIntervalMs, identifyIntervalMs, identifyToleranceMs, sessionStartLimit } = settings;
  return new Oracle({
    clock,
    mainUrl: `ws://127.0.0.1:${port}`,
    identifyIntervalMs,
    identifyToleranceMs,
    maxConcurrency: sessionStartLimit.maxConcurrency,
    remainingStarts: sessionStartLimit.remaining,
    totalStarts: sessionStartLimit.total,
    resetAfterMs: sessionStartLimit.resetAfterMs,
    lateMs: Math.max(LATE_MS, heartbeatIntervalMs / 2),
    roundTripMs: ROUND_TRIP_MS,
  });
}
