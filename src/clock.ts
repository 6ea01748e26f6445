/**
 * The one door to time. Everything in a shard that waits or measures goes through a `Clock`, so a test or a
 * simulator can replace time as a whole.
 */
export interface Clock {
  /** Milliseconds since the epoch; must never run backwards. */
  now(): number;
  /**
   * Runs `callback` once after `delayMs` milliseconds, which may be more than a timer of Node takes. A delay of 0
   * should let what is already waiting on the sockets be read first. The handle is opaque.
   */
  setTimeout(callback: () => void, delayMs: number): unknown;
  clearTimeout(handle: unknown): void;
}

/** The longest delay of a Node timer. With a longer delay it fires at once. */
export const MAX_TIMER_MS = 2_147_483_647;

const STARTED_AT = performance.timeOrigin;

/** Real time, monotonic: a wall clock that is set back must not stretch a heartbeat or a rate window. */
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

/** Gives back what clears it. */
function immediate(callback: () => void): () => void {
  const handle = setImmediate(callback);
  return () => clearImmediate(handle);
}

/** One timer after another. Gives back what clears it. */
function longTimer(callback: () => void, delayMs: number): () => void {
  let timeout: NodeJS.Timeout;
  const wait = (leftMs: number): void => {
    const remainingMs = leftMs - MAX_TIMER_MS;
    timeout = remainingMs > 0 ? setTimeout(() => wait(remainingMs), MAX_TIMER_MS) : setTimeout(callback, leftMs);
  };
  wait(delayMs);
  return () => clearTimeout(timeout);
}
