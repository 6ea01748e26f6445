/**
 * The one door to time. Everything in a shard that waits or measures goes through a `Clock`, so a test or a
 * simulator can replace time as a whole.
 */
export interface Clock {
  /** Milliseconds since the epoch; must never run backwards. */
  now(): number;
  /** Runs `callback` once after `delayMs` milliseconds. The handle is opaque. */
  setTimeout(callback: () => void, delayMs: number): unknown;
  clearTimeout(handle: unknown): void;
}

/** Real time, monotonic: a wall clock that is set back must not stretch a heartbeat or a rate window. */
export const systemClock: Clock = {
  now: () => performance.timeOrigin + performance.now(),
  setTimeout: (callback, delayMs) => setTimeout(callback, delayMs),
  clearTimeout: (handle) => clearTimeout(handle as NodeJS.Timeout | undefined),
};
