/**
 * A clock that stands still until a test moves it. A shard takes all of its time from a `Clock`, so a test can run
 * through hours of heartbeats and backoffs in a moment, and exactly to the millisecond.
 */
import type { Clock } from '../clock.ts';

/** Options of {@link VirtualClock}. */
export interface VirtualClockOptions {
  /**
   * The first value of `now()`, in milliseconds since the epoch.
   * @defaultValue 1_767_225_600_000 (2026-01-01T00:00:00Z)
   */
  startAt?: number;
}

interface Timer {
  readonly dueAt: number;
  readonly callback: () => void;
}

const DEFAULT_START_AT = Date.UTC(2026, 0, 1);

/** Max timers that may run at one point in time. More means that a timer sets itself again with a delay of 0. */
const MAX_TIMERS_AT_ONCE = 100_000;

/** Read once, because a test may replace the global. */
const { setImmediate } = globalThis;

/**
 * A {@link Clock} that moves only when you call one of its methods. Give it to a `Shard`, a `ShardManager`, a
 * {@link FakeGateway} or an XState actor.
 *
 * @example
 * ```ts
 * const clock = new VirtualClock();
 * const shard = new Shard({ token, intents, clock });
 * await clock.advanceAsync(41_250); // one heartbeat later
 * ```
 */
export class VirtualClock implements Clock {
  #now: number;
  /** By due time; timers due at the same time in the order they were set. */
  readonly #timers: Timer[] = [];

  /**
   * Creates a clock that stands still.
   * @throws RangeError when `startAt` is not a finite number.
   */
  constructor({ startAt = DEFAULT_START_AT }: VirtualClockOptions = {}) {
    if (!Number.isFinite(startAt))
      throw new RangeError(`startAt must be a finite number of milliseconds, not ${startAt}`);
    this.#now = startAt;
  }

  /** Returns the current time, in milliseconds since the epoch. */
  now(): number {
    return this.#now;
  }

  /** The number of timers that are set, including those with an infinite delay. */
  get pending(): number {
    return this.#timers.length;
  }

  /**
   * When the next timer is due, in milliseconds since the epoch; `Infinity` for an infinite delay, `null` without one.
   */
  get nextDueAt(): number | null {
    return this.#timers[0]?.dueAt ?? null;
  }

  /**
   * Sets a timer and returns its handle. The callback runs in a later call of `advance`, `advanceAsync` or `next`.
   *
   * @param delayMs - Milliseconds. A negative delay and `NaN` count as 0. A timer with `Infinity` does not run, and
   * stays {@link pending} until you clear it.
   */
  setTimeout(callback: () => void, delayMs: number): unknown {
    const timer: Timer = { dueAt: this.#now + (delayMs > 0 ? delayMs : 0), callback };
    const lastBefore = this.#timers.findLastIndex(({ dueAt }) => dueAt <= timer.dueAt);
    this.#timers.splice(lastBefore + 1, 0, timer);
    return timer;
  }

  /** Clears a timer. Ignores a handle that is not a timer of this clock, or whose timer has run. */
  clearTimeout(handle: unknown): void {
    const index = this.#timers.findIndex((timer) => timer === handle);
    if (index !== -1) this.#timers.splice(index, 1);
  }

  /**
   * Moves time forward and runs every timer that is due by then, each at its own time. This includes timers that other
   * timers set. Promise callbacks run only after the call; see {@link advanceAsync}.
   *
   * When a timer throws, `advance` throws the error. Time then stands at that timer, and the other timers stay set.
   *
   * @param ms - Milliseconds. Default: 0, which runs the timers that are due now.
   * @throws RangeError when `ms` is negative or not finite.
   */
  advance(ms = 0): void {
    const targetAt = this.#target(ms);
    const guard = new TimerLoopGuard();
    while (this.#run(targetAt)) guard.check(this.#now);
    this.#now = Math.max(this.#now, targetAt);
  }

  /**
   * Does the same as {@link advance}, and lets promises settle before the first timer, after each timer, and at the
   * end. Each time it waits for one turn of the event loop; it does not wait for files and sockets, which take longer.
   *
   * Resolves at the new time. Rejects with what a timer throws, or with a `RangeError` when `ms` is negative or not
   * finite.
   *
   * @param ms - Milliseconds. Default: 0, which lets promises settle and runs the timers that are due now.
   */
  async advanceAsync(ms = 0): Promise<void> {
    const targetAt = this.#target(ms);
    const guard = new TimerLoopGuard();
    await nextTurn();
    while (this.#run(targetAt)) {
      guard.check(this.#now);
      await nextTurn();
    }
    this.#now = Math.max(this.#now, targetAt);
    await nextTurn();
  }

  /**
   * Moves time to the next timer and runs only that one.
   *
   * @returns Whether a timer ran. `false` too when all timers have an infinite delay.
   */
  next(): boolean {
    return this.#run(Number.MAX_VALUE);
  }

  /**
   * Moves time forward without running timers, as when a laptop sleeps or the event loop is blocked. Timers that are
   * due by then run late, at the next `advance`.
   *
   * @throws RangeError when `ms` is negative or not finite.
   */
  sleep(ms: number): void {
    this.#now = this.#target(ms);
  }

  #target(ms: number): number {
    if (!Number.isFinite(ms) || ms < 0)
      throw new RangeError(`ms must be a finite number of milliseconds from 0 on, not ${ms}`);
    return this.#now + ms;
  }

  /** Runs the first timer that is due by `untilAt`, at its own time. Returns whether there was one. */
  #run(untilAt: number): boolean {
    const timer = this.#timers[0];
    if (timer === undefined || timer.dueAt > untilAt) return false;
    this.#timers.shift();
    this.#now = Math.max(this.#now, timer.dueAt);
    timer.callback();
    return true;
  }
}

/** Turns an endless loop of timers into an error, because a test that hangs does not name its cause. */
class TimerLoopGuard {
  #at = Number.NaN;
  #timers = 0;

  check(now: number): void {
    this.#timers = now === this.#at ? this.#timers + 1 : 1;
    this.#at = now;
    if (this.#timers <= MAX_TIMERS_AT_ONCE) return;
    throw new Error(
      `more than ${MAX_TIMERS_AT_ONCE} timers ran at one point in time: a timer sets itself again with a delay of 0`,
    );
  }
}

const nextTurn = (): Promise<void> => new Promise((resolve) => void setImmediate(resolve));
