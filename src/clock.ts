/**
 * The source of all times and timers of a shard. Replace it in a test or a simulator, and the whole shard runs in
 * virtual time.
 */
export interface Clock {
  /** Returns milliseconds since the epoch. Must never run backwards. */
  now(): number;
  /**
   * Calls `callback` once after `delayMs` milliseconds, which may be more than the max delay of a Node timer. With a
   * delay of 0, data that has already arrived on sockets should be read first. Returns a handle for `clearTimeout()`.
   */
  setTimeout(callback: () => void, delayMs: number): unknown;
  clearTimeout(handle: unknown): void;
}

/** The longest delay of a Node timer. With a longer delay it fires at once. */
export const MAX_TIMER_MS = 2_147_483_647;

const STARTED_AT = performance.timeOrigin;

/** Real time, monotonic: if the wall clock is set back, no heartbeat or rate limit must take longer. */
export const systemClock: Clock = {
  now: () => STARTED_AT + performance.now(),
  setTimeout: (callback, delayMs) => {
    // An immediate comes after the poll phase of the event loop; a timer of 1 ms may come before it.
    if (delayMs <= 0) return immediate(callback);
    return delayMs > MAX_TIMER_MS ? longTimer(callback, delayMs) : setTimeout(callback, delayMs);
  },
  clearTimeout: (handle) => {
    if (typeof handle === 'function') handle();
    else clearTimeout(handle as NodeJS.Timeout | undefined);
  },
};

/** Returns the function that clears it. */
function immediate(callback: () => void): () => void {
  const handle = setImmediate(callback);
  return () => clearImmediate(handle);
}

/** Chains timers. Returns the function that clears them. */
function longTimer(callback: () => void, delayMs: number): () => void {
  let timeout: NodeJS.Timeout;
  const wait = (leftMs: number): void => {
    const remainingMs = leftMs - MAX_TIMER_MS;
    timeout = remainingMs > 0 ? setTimeout(() => wait(remainingMs), MAX_TIMER_MS) : setTimeout(callback, leftMs);
  };
  wait(delayMs);
  return () => clearTimeout(timeout);
}
