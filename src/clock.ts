/**
 * The one door to time. Everything in a shard that waits or measures goes through a `Clock`, so a test or a
 * simulator can replace time as a whole.
 */
export interface Clock {
  /** Milliseconds since the epoch; must never run backwards. */
  now(): number;
  /**
   * Runs `callback` once after `delayMs` milliseconds. A delay of 0 should let what is already waiting on the
   * sockets be read first. The handle is opaque.
   */
  setTimeout(callback: () => void, delayMs: number): unknown;
  clearTimeout(handle: unknown): void;
}

/** Real time, monotonic: a wall clock that is set back must not stretch a heartbeat or a rate window. */
export const systemClock: Clock = {
  now: () => performance.timeOrigin + performance.now(),
  setTimeout: (callback, delayMs) => {
    // An immediate comes after the poll phase of the event loop; a timer of 1 ms may come before it.
    if (delayMs <= 0) {
      const immediate = setImmediate(callback);
      return () => clearImmediate(immediate);
    }
    const timeout = setTimeout(callback, delayMs);
    return () => clearTimeout(timeout);
  },
  clearTimeout: (handle) => {
    if (typeof handle === 'function') handle();
  },
};
