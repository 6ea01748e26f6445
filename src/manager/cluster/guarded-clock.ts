/**
 * The clock of a manager that is a node of a cluster. Before any timer of a shard runs, the node checks whether the
 * process was frozen: timers that are overdue then must not resume shards that other nodes may have.
 */
import type { Clock } from '../../clock.ts';

export class GuardedClock implements Clock {
  readonly #clock: Clock;
  #check: () => void = () => undefined;

  constructor(clock: Clock) {
    this.#clock = clock;
  }

  /** Calls `check` before each callback from now on. */
  guard(check: () => void): void {
    this.#check = check;
  }

  now(): number {
    return this.#clock.now();
  }

  readonly setTimeout: Clock['setTimeout'] = (callback, delayMs) =>
    this.#clock.setTimeout(() => {
      this.#check();
      callback();
    }, delayMs);

  readonly clearTimeout: Clock['clearTimeout'] = (handle) => this.#clock.clearTimeout(handle);
}
