/**
 * Time that stands still until a test moves it. A shard takes all of its time from a `Clock`, so with this one a
 * test lives through hours of heartbeats and backoffs in a moment, and to the millisecond.
 */
import type { Clock } from '../clock.ts';

export interface VirtualClockOptions {
  /** What `now()` says at first, in ms since the epoch. Default 2026-01-01T00:00:00Z. */
  startAt?: number;
}

interface Timer {
  readonly dueAt: number;
  readonly callback: () => void;
}

const DEFAULT_START_AT = Date.UTC(2026, 0, 1);

/** Timers that may run without time moving on. More is a loop that sets its own timer again with a delay of 0. */
const MAX_TIMERS_AT_ONCE = 100_000;

/** Taken before a test can replace the global. */
const { setImmediate } = globalThis;

/**
 * A {@link Clock} that only moves when it is told to.
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

  /** @throws RangeError when `startAt` is not a finite number. */
  constructor({ startAt = DEFAULT_START_AT }: VirtualClockOptions = {}) {
    if (!Number.isFinite(startAt)) throw new RangeError(`startAt must be a finite number of ms, not ${startAt}`);
    this.#now = startAt;
  }

  now(): number {
    return this.#now;
  }

  /** How many timers are set, those that are never due included. */
  get pending(): number {
    return this.#timers.length;
  }

  /** When the next timer is due, in ms since the epoch; `Infinity` if it never is, `null` when there is none. */
  get nextDueAt(): number | null {
    return this.#timers[0]?.dueAt ?? null;
  }

  /**
   * Sets a timer. It runs within an `advance` or `next`, never before this returns.
   *
   * @param delayMs - Milliseconds. A negative delay and `NaN` count as 0; with `Infinity` the timer is never due, but
   * stays {@link pending} until it is cleared.
   */
  setTimeout(callback: () => void, delayMs: number): unknown {
    const timer: Timer = { dueAt: this.#now + (delayMs > 0 ? delayMs : 0), callback };
    const lastBefore = this.#timers.findLastIndex(({ dueAt }) => dueAt <= timer.dueAt);
    this.#timers.splice(lastBefore + 1, 0, timer);
    return timer;
  }

  /** Clears a timer; anything that is not a timer of this clock, or has run, is ignored. */
  clearTimeout(handle: unknown): void {
    const index = this.#timers.findIndex((timer) => timer === handle);
    if (index !== -1) this.#timers.splice(index, 1);
  }

  /**
   * Moves time on, running what falls due on the way, each at its own time: timers set by other timers too. Promises
   * settled on the way are only seen afterwards; see {@link advanceAsync}.
   *
   * What a timer throws is thrown from here; time then stands where it happened and the other timers are still set.
   *
   * @param ms - Milliseconds, default 0: run what is due now.
   * @throws RangeError when `ms` is negative or not finite.
   */
  advance(ms = 0): void {
    const targetAt = this.#target(ms);
    const guard = new TimerLoopGuard();
    while (this.#run(targetAt)) guard.check(this.#now);
    this.#now = Math.max(this.#now, targetAt);
  }

  /**
   * Like {@link advance}, and lets promises settle (one turn of the event loop) before the first timer, after each,
   * and at the end. It does not wait for what takes longer than a turn, such as files and sockets.
   *
   * @param ms - Milliseconds, default 0: let promises settle and run what is due now.
   * @throws RangeError when `ms` is negative or not finite (as a rejection).
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
   * Moves time to the next timer and runs that one.
   *
   * @returns Whether there was one; `false` too when the only timers are never due.
   */
  next(): boolean {
    return this.#run(Number.MAX_VALUE);
  }

  /**
   * Lets time pass while nothing runs, as when a laptop sleeps or the event loop is blocked: timers that fell due in it
   * run late, with the next `advance`.
   *
   * @throws RangeError when `ms` is negative or not finite.
   */
  sleep(ms: number): void {
    this.#now = this.#target(ms);
  }

  #target(ms: number): number {
    if (!Number.isFinite(ms) || ms < 0) throw new RangeError(`time moves on by a finite number of ms, not ${ms}`);
    return this.#now + ms;
  }

  /** Runs the first timer that is due by then, at its own time. */
  #run(untilAt: number): boolean {
    const timer = this.#timers[0];
    if (timer === undefined || timer.dueAt > untilAt) return false;
    this.#timers.shift();
    this.#now = Math.max(this.#now, timer.dueAt);
    timer.callback();
    return true;
  }
}

/** Turns an endless loop of timers into an error, because a test that hangs says nothing. */
class TimerLoopGuard {
  #at = Number.NaN;
  #timers = 0;

  check(now: number): void {
    this.#timers = now === this.#at ? this.#timers + 1 : 1;
    this.#at = now;
    if (this.#timers <= MAX_TIMERS_AT_ONCE) return;
    throw new Error(
      `more than ${MAX_TIMERS_AT_ONCE} timers ran without time moving on: some timer sets itself anew with no delay`,
    );
  }
}

const nextTurn = (): Promise<void> => new Promise((resolve) => void setImmediate(resolve));
