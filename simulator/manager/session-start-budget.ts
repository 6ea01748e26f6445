/** Counts the session starts of a bot as Discord does. */
import type { SimClock } from '../sim-clock.ts';

const DAY_MS = 86_400_000;

export class SessionStartBudget {
  readonly #clock: SimClock;
  readonly #total: number;
  #remaining: number;
  #resetAt: number;

  constructor(
    clock: SimClock,
    { total, remaining, resetAfterMs }: { total: number; remaining: number; resetAfterMs: number },
  ) {
    this.#clock = clock;
    this.#total = total;
    this.#remaining = remaining;
    this.#resetAt = clock.now() + resetAfterMs;
  }

  /** Counts an IDENTIFY. */
  recordIdentify(): void {
    if (this.#isOver) {
      this.#remaining = this.#total;
      this.#resetAt = this.#clock.now() + DAY_MS;
    }
    this.#remaining = Math.max(0, this.#remaining - 1);
  }

  /** `session_start_limit`. A new period begins with its first IDENTIFY. */
  get limit(): { total: number; remaining: number; reset_after: number } {
    if (this.#isOver) return { total: this.#total, remaining: this.#total, reset_after: DAY_MS };
    return { total: this.#total, remaining: this.#remaining, reset_after: this.#resetAt - this.#clock.now() };
  }

  get #isOver(): boolean {
    return this.#clock.now() >= this.#resetAt;
  }
}
