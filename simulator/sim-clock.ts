/**
 * The clock of a simulated process and of the world around it. Timers of the process behave like those of a real event
 * loop. They are a little late, or a fraction of a millisecond early. Timers that are due together run in random order.
 * After a sleep all due timers run at once. Events of the world are exact.
 */
import type { Clock, NodeTimer, NodeTimers } from '../src/clock.ts';
import type { SeededRandom } from '../src/testing/seeded-random.ts';
import { Heap } from './heap.ts';
import type { HeapEntry } from './heap.ts';

/** The phases of a turn of Node's event loop, as far as they matter here. */
const TIMERS = 0;
const POLL = 1;
const CHECK = 2;

/** The system clock notices a suspension so soon. */
export const COMPARED_WITHIN_MS = 1_000;

/** Max callbacks at one point in time. More means an endless loop. */
const MAX_AT_ONCE = 50_000;

export interface Lateness {
  /** How many ms a timer may be early. */
  readonly earlyMs: number;
  /** How many ms most timers may be late. */
  readonly usualMs: number;
  /** How many ms a few timers may be late. */
  readonly worstMs: number;
}

export class SimClock implements Clock {
  readonly #random: SeededRandom;
  readonly #lateness: Lateness;
  readonly #heap = new Heap();
  /** `[from, until]` of each sleep. */
  readonly #sleeps: [number, number][] = [];
  #now: number;
  #order = 1;
  #atOnce = 0;
  #asleepUntil = 0;
  readonly #intervals = new Map<NodeTimer, () => void>();
  /** How much the monotonic clock is behind. */
  suspendedMs = 0;
  /** The number of pending timers of shards. */
  pending = 0;

  constructor(random: SeededRandom, lateness: Lateness, startAt: number) {
    this.#random = random;
    this.#lateness = lateness;
    this.#now = startAt;
  }

  readonly now = (): number => this.#now;

  get nextAt(): number {
    return this.#heap.first?.at ?? Number.POSITIVE_INFINITY;
  }

  setTimeout(callback: () => void, delayMs: number): HeapEntry {
    this.pending += 1;
    const entry: HeapEntry = {
      at: this.#now,
      phase: CHECK,
      order: 0,
      run: callback,
      isShardTimer: true,
      waitsForProcess: true,
    };
    if (delayMs > 0) {
      entry.at = Math.max(this.#now, this.#now + delayMs + this.#randomLatenessMs());
      entry.phase = TIMERS;
      entry.order = this.#random.next();
    } else {
      this.#order += 1;
      entry.order = this.#order;
    }
    this.#heap.push(entry);
    return entry;
  }

  clearTimeout(handle: unknown): void {
    const entry = handle as HeapEntry | undefined | null;
    if (entry === undefined || entry === null || entry.run === null) return;
    if (entry.isShardTimer) this.pending -= 1;
    this.#heap.cancel(entry);
  }

  /**
   * Schedules a callback of the user's code.
   * @param order - In [0, 1): the order among callbacks that are due together. Default: random.
   */
  scheduleInProcess(run: () => void, delayMs: number, order = this.#random.next()): HeapEntry {
    return this.#add(run, this.#now + delayMs, TIMERS, true, order);
  }

  /** Schedules an arrival at the process. A sleeping process receives it when it wakes. */
  scheduleArrival(run: () => void, at: number): void {
    this.#add(run, Math.max(this.#now, at), POLL, true, this.#random.next());
  }

  /** Schedules an event outside the process. */
  scheduleInWorld(run: () => void, delayMs: number, order = this.#random.next()): HeapEntry {
    return this.#add(run, this.#now + delayMs, POLL, false, order);
  }

  /** Stops the process for a while, as when the event loop is blocked or a laptop sleeps. */
  sleep(ms: number): void {
    const until = Math.max(this.#asleepUntil, this.#now + ms);
    this.#sleeps.push([this.#now, until]);
    this.#asleepUntil = until;
  }

  /**
   * Suspends the machine for a while: the monotonic clock stands still, and the timers of shards with it. The system
   * clock compares the clocks within a second of waking.
   */
  suspend(ms: number): void {
    const from = Math.max(this.#now, this.#asleepUntil);
    this.sleep(from - this.#now + ms);
    // Until the comparison, timers are late.
    this.#sleeps.push([from + ms, from + ms + COMPARED_WITHIN_MS]);
    this.suspendedMs += ms;
    this.#heap.delay(ms, ({ isShardTimer, phase }) => isShardTimer && phase === TIMERS);
    for (const compare of this.#intervals.values())
      this.scheduleInProcess(() => compare(), from - this.#now + ms + this.#random.int(0, COMPARED_WITHIN_MS));
  }

  /** The timers of Node, for a system clock. An interval runs only after a suspension: at other times it finds nothing. */
  readonly nodeTimers: NodeTimers = {
    setTimeout: (callback, delayMs) => this.#withUnref(this.setTimeout(callback, delayMs)),
    clearTimeout: (timer) => this.clearTimeout(timer),
    setInterval: (callback) => {
      const timer = this.#withUnref({});
      this.#intervals.set(timer, callback);
      return timer;
    },
    clearInterval: (timer) => void (timer !== undefined && this.#intervals.delete(timer)),
  };

  readonly afterReading = (callback: () => void): (() => void) => {
    const timer = this.setTimeout(callback, 0);
    return () => this.clearTimeout(timer);
  };

  #withUnref<Handle extends object>(handle: Handle): Handle & NodeTimer {
    return Object.assign(handle, { unref: () => undefined });
  }

  /** Returns how late a timer in this time span may have been. */
  latenessMs(from: number, until: number): number {
    let sum = this.#lateness.worstMs + 1;
    for (const [start, end] of this.#sleeps) if (start <= until && end >= from) sum += end - start;
    return sum;
  }

  get isAsleep(): boolean {
    return this.#now < this.#asleepUntil;
  }

  /** Runs the next callback. */
  step(): void {
    const entry = this.#heap.pop();
    if (entry === undefined) return;
    if (entry.waitsForProcess && entry.at < this.#asleepUntil) {
      entry.at = this.#asleepUntil;
      this.#order += 1;
      entry.order = this.#order;
      this.#heap.push(entry);
      return;
    }
    this.#atOnce = entry.at > this.#now ? 0 : this.#atOnce + 1;
    if (this.#atOnce > MAX_AT_ONCE) throw new Error('time stands still: a timer sets itself again with a delay of 0');
    this.#now = Math.max(this.#now, entry.at);
    const { run } = entry;
    entry.run = null;
    if (entry.isShardTimer) this.pending -= 1;
    run?.();
  }

  moveTo(at: number): void {
    this.#now = Math.max(this.#now, at);
  }

  #add(run: () => void, at: number, phase: number, waitsForProcess: boolean, order: number): HeapEntry {
    const entry: HeapEntry = { at, phase, order, run, isShardTimer: false, waitsForProcess };
    this.#heap.push(entry);
    return entry;
  }

  #randomLatenessMs(): number {
    const { earlyMs, usualMs, worstMs } = this.#lateness;
    const roll = this.#random.next();
    if (roll < 0.02) return worstMs * this.#random.next();
    return roll * (usualMs + earlyMs) - earlyMs;
  }
}
