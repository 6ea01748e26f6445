/**
 * The time of a simulated process and of the world around it. Timers of the process are as those of a real event
 * loop: a little late, a fraction of a millisecond early, in no order when they are due together, and all at once
 * after the process was asleep. The world outside knows nothing of that.
 */
import type { Clock } from '../src/clock.ts';
import type { SeededRandom } from '../src/testing/seeded-random.ts';
import { Heap } from './heap.ts';
import type { HeapEntry } from './heap.ts';

/** The phases of a turn of Node's event loop, as far as they matter here. */
const TIMERS = 0;
const POLL = 1;
const CHECK = 2;

/** More without time moving on is an endless loop. */
const MAX_AT_ONCE = 50_000;

export interface Lateness {
  /** How early a timer may be, in ms. */
  readonly earlyMs: number;
  /** How late most timers are at most, in ms. */
  readonly usualMs: number;
  /** How late a few are. */
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
  /** Timers of the shards that are set. */
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
   * Something in the process that is not the shard's: the user's own timers.
   * @param order - in [0, 1), among what is due together; default by chance
   */
  scheduleInProcess(run: () => void, delayMs: number, order = this.#random.next()): HeapEntry {
    return this.#add(run, this.#now + delayMs, TIMERS, true, order);
  }

  /** Something that arrives at the process from outside: a sleeping one sees it when it wakes. */
  scheduleArrival(run: () => void, at: number): void {
    this.#add(run, Math.max(this.#now, at), POLL, true, this.#random.next());
  }

  /** Something in the world outside. */
  scheduleInWorld(run: () => void, delayMs: number, order = this.#random.next()): HeapEntry {
    return this.#add(run, this.#now + delayMs, POLL, false, order);
  }

  /** The process stands still: blocked, or on a laptop whose lid was closed. */
  sleep(ms: number): void {
    const until = Math.max(this.#asleepUntil, this.#now + ms);
    this.#sleeps.push([this.#now, until]);
    this.#asleepUntil = until;
  }

  /** How late a timer within this span may have been. */
  latenessMs(from: number, until: number): number {
    let sum = this.#lateness.worstMs + 1;
    for (const [start, end] of this.#sleeps) if (start <= until && end >= from) sum += end - start;
    return sum;
  }

  get isAsleep(): boolean {
    return this.#now < this.#asleepUntil;
  }

  /** Runs what comes next. */
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
    if (this.#atOnce > MAX_AT_ONCE)
      throw new Error('time stands still: something sets its own timer again with no delay');
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
