/**
 * The clock of one process. Unlike the clock of the world it can stand still: a frozen process runs nothing, and what was
 * due meanwhile runs when it goes on, in its order. Nothing runs in a process that has ended.
 */
import type { Clock } from '../../src/clock.ts';
import type { SimClock } from '../sim-clock.ts';

interface NodeTimer {
  handle: unknown;
  isCleared: boolean;
}

export class NodeClock implements Clock {
  readonly #clock: SimClock;
  #frozenUntil = 0;
  /** What was due while the process was frozen, and did not run yet. */
  readonly #due: (() => void)[] = [];
  #hasEnded = false;

  constructor(clock: SimClock) {
    this.#clock = clock;
  }

  now(): number {
    return this.#clock.now();
  }

  /** When the process went on last, or does; 0 if it was never frozen. */
  get frozenUntil(): number {
    return this.#frozenUntil;
  }

  get isFrozen(): boolean {
    return this.#clock.now() < this.#frozenUntil;
  }

  freeze(ms: number): void {
    this.#frozenUntil = Math.max(this.#frozenUntil, this.#clock.now() + ms);
  }

  end(): void {
    this.#hasEnded = true;
  }

  setTimeout(callback: () => void, delayMs: number): NodeTimer {
    const timer: NodeTimer = { handle: null, isCleared: false };
    const run = (): void => {
      if (!timer.isCleared) callback();
    };
    timer.handle = this.#clock.setTimeout(() => this.arrive(run), delayMs);
    return timer;
  }

  clearTimeout(handle: unknown): void {
    const timer = handle as NodeTimer | null | undefined;
    if (timer === null || timer === undefined) return;
    timer.isCleared = true;
    this.#clock.clearTimeout(timer.handle);
  }

  /** Runs something that is due in the process, at once or when the process goes on. */
  readonly arrive = (run: () => void): void => {
    if (this.#hasEnded) return;
    if (!this.isFrozen && this.#due.length === 0) return run();
    this.#due.push(run);
    if (this.#due.length === 1) this.#scheduleNext();
  };

  /** One after the other, so that promises settle between them. */
  #scheduleNext(): void {
    this.#clock.scheduleInWorld(
      () => {
        if (this.isFrozen) return this.#scheduleNext();
        if (!this.#hasEnded) this.#due[0]?.();
        this.#due.shift();
        if (this.#due.length > 0) this.#scheduleNext();
      },
      Math.max(0, this.#frozenUntil - this.#clock.now()),
    );
  }
}
