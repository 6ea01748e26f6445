/** A clock that runs faster than the system's: shard and gateway both use it, so all their times shrink alike. */
import { systemClock } from '../../clock.ts';
import type { Clock } from '../../clock.ts';

export function scaledClock(speed: number, clock: Clock = systemClock): Clock {
  const startedAt = clock.now();
  return {
    now: () => startedAt + (clock.now() - startedAt) * speed,
    setTimeout: (callback, delayMs) => clock.setTimeout(callback, delayMs / speed),
    clearTimeout: (handle) => clock.clearTimeout(handle),
  };
}
