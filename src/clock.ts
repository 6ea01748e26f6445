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

/** How often the two clocks are compared while a wait is pending. A suspended machine is noticed so soon on waking. */
const COMPARE_EVERY_MS = 1_000;
/** If the wall clock gains more than this, the machine was suspended. */
const SUSPENDED_MS = 1_000;
/** A timer later than this is judged after what waits on the sockets has been read. */
const LATE_MS = 250;

/** The timers of Node, as far as a clock uses them. */
export interface NodeTimers {
  setTimeout(callback: () => void, delayMs: number): NodeTimer;
  clearTimeout(timer: NodeTimer | undefined): void;
  setInterval(callback: () => void, delayMs: number): NodeTimer;
  clearInterval(timer: NodeTimer | undefined): void;
}

export interface NodeTimer {
  unref(): unknown;
}

/** Where real time comes from. */
export interface TimeSources {
  /** Sets the timers, which stand still with the monotonic clock. Default: those of Node. */
  readonly timers?: NodeTimers;
  /** Calls back once what waits on the sockets has been read. Default: `setImmediate`. */
  readonly afterReading?: (callback: () => void) => () => void;
  /** Returns milliseconds since the epoch. May be set, and goes on while the machine is suspended. */
  readonly wallNow: () => number;
  /** Returns milliseconds since the epoch. Never set, and may stand still while the machine is suspended. */
  readonly monotonicNow: () => number;
}

/** They are looked up at each call, because tests replace them. */
const NODE_TIMERS: NodeTimers = {
  setTimeout: (callback, delayMs) => setTimeout(callback, delayMs),
  clearTimeout: (timer) => clearTimeout(timer as NodeJS.Timeout | undefined),
  setInterval: (callback, delayMs) => setInterval(callback, delayMs),
  clearInterval: (timer) => clearInterval(timer as NodeJS.Timeout | undefined),
};

/**
 * A wait longer than a turn of the comparison, which a suspension makes shorter. Each idle shard holds one, and closures
 * would hold more.
 */
class Wait {
  readonly callback: () => void;
  readonly dueAt: number;
  timer: NodeTimer | undefined;
  /** Set while the timer is over, and the sockets are read first. */
  stopReading: (() => void) | undefined;
  /** Whether the process may end before. */
  isUnref = false;

  constructor(callback: () => void, dueAt: number) {
    this.callback = callback;
    this.dueAt = dueAt;
  }

  unref(): void {
    this.isUnref = true;
    this.timer?.unref();
  }
}

/**
 * Returns a clock of real time. Timers run on the monotonic clock: if the wall clock is set back, no heartbeat or rate
 * limit must take longer. But the monotonic clock of Linux stands still while the machine is suspended. So both are
 * compared: what the wall clock gains has passed for the waits too.
 */
export function createSystemClock({
  wallNow,
  monotonicNow,
  timers = NODE_TIMERS,
  afterReading = afterPoll,
}: TimeSources): Clock {
  const waits = new Set<Wait>();
  let suspendedMs = 0;
  let comparison: NodeTimer | undefined;

  /** Compares the clocks at every look, so that nothing is measured in a time that a suspension is missing from. */
  const now = (): number => {
    const ownMs = monotonicNow() + suspendedMs;
    const gainedMs = wallNow() - ownMs;
    if (gainedMs <= SUSPENDED_MS) return ownMs;
    suspendedMs += gainedMs;
    rearm();
    return ownMs + gainedMs;
  };

  const end = (wait: Wait): void => {
    waits.delete(wait);
    if (waits.size > 0) return;
    timers.clearInterval(comparison);
    comparison = undefined;
  };

  const run = (wait: Wait): void => {
    end(wait);
    wait.callback();
  };

  const disarm = (wait: Wait): void => {
    timers.clearTimeout(wait.timer);
    wait.stopReading?.();
  };

  const arm = (wait: Wait, leftMs: number): void => {
    if (leftMs <= 0) {
      wait.stopReading = afterReading(() => run(wait));
      return;
    }
    wait.timer =
      leftMs > MAX_TIMER_MS
        ? timers.setTimeout(() => arm(wait, leftMs - MAX_TIMER_MS), MAX_TIMER_MS)
        : timers.setTimeout(() => (now() - wait.dueAt > LATE_MS ? arm(wait, 0) : run(wait)), leftMs);
    if (wait.isUnref) wait.timer.unref();
  };

  const rearm = (): void => {
    for (const wait of [...waits].toSorted((a, b) => a.dueAt - b.dueAt)) {
      disarm(wait);
      arm(wait, wait.dueAt - now());
    }
  };

  return {
    now,
    setTimeout: (callback, delayMs) => {
      if (delayMs <= 0) return afterReading(callback);
      if (delayMs <= COMPARE_EVERY_MS) return timers.setTimeout(callback, delayMs);
      const wait = new Wait(callback, now() + delayMs);
      waits.add(wait);
      if (comparison === undefined) {
        comparison = timers.setInterval(now, COMPARE_EVERY_MS);
        comparison.unref();
      }
      arm(wait, delayMs);
      return wait;
    },
    clearTimeout: (handle) => {
      if (handle instanceof Wait) {
        disarm(handle);
        end(handle);
      } else if (typeof handle === 'function') handle();
      else timers.clearTimeout(handle as NodeTimer | undefined);
    },
  };
}

/** Sets a timer that does not keep the process alive, if the clock has such timers. */
export function setUnrefTimeout(clock: Clock, callback: () => void, delayMs: number): unknown {
  const handle = clock.setTimeout(callback, delayMs);
  if (hasUnref(handle)) handle.unref();
  return handle;
}

const hasUnref = (handle: unknown): handle is { unref(): void } =>
  (typeof handle === 'object' || typeof handle === 'function') &&
  handle !== null &&
  'unref' in handle &&
  typeof handle.unref === 'function';

/** Calls back after the poll phase of the event loop, which reads the sockets. Returns the function that clears it. */
function afterPoll(callback: () => void): () => void {
  const handle = setImmediate(callback);
  return () => clearImmediate(handle);
}

/** When this process or thread started. Read once: it never changes, and the clock is read with each message. */
export const { timeOrigin } = performance;

/** Real time. A machine that was suspended is noticed within a second of waking. */
export const systemClock: Clock = createSystemClock({
  wallNow: () => Date.now(),
  monotonicNow: () => timeOrigin + performance.now(),
});

/** Bound once: a call through `performance` costs half as much again. */
const readMonotonic = performance.now.bind(performance);

/**
 * Returns what measures the time within one turn of the event loop, in ms: cheaper than the clock, because it does not
 * notice a suspended machine. `null` for a clock other than {@link systemClock}.
 */
export const stopwatchOf = (clock: Clock): (() => number) | null => (clock === systemClock ? readMonotonic : null);
