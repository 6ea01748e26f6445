/**
 * Counts the session starts of a bot. Discord resets the token of a bot that uses more than it has, so the count errs
 * on the safe side: a permit is charged before its IDENTIFY is sent, and a period begins late rather than early.
 * @see https://discord.com/developers/docs/events/gateway#session-start-limit-object
 */
import type { Clock } from '../clock.ts';
import type { IdentifyBudget } from './identify-gate.ts';

export const DAY_MS = 86_400_000;

/** A lost IDENTIFY begins no period; the next one does. In an outage that may take a while. */
const PERIOD_START_WINDOW_MS = 3_600_000;

interface SessionStartBudgetOptions extends IdentifyBudget {
  /** Session starts that are never used. */
  readonly reserve: number;
  readonly clock: Clock;
}

export class SessionStartBudget {
  readonly #clock: Clock;
  #reserve: number;
  #total: number;
  #remaining: number;
  /** Permits whose IDENTIFY has not been sent. */
  #unsentPermits = 0;
  #resetAt: number;
  /** Until then an IDENTIFY may be the first of the period that arrives, and so begin it. */
  #periodStartsBefore = Number.NEGATIVE_INFINITY;

  constructor({ total, remaining, resetAfterMs, reserve, clock }: SessionStartBudgetOptions) {
    this.#clock = clock;
    this.#reserve = reserve;
    this.#total = total;
    this.#remaining = remaining;
    this.#resetAt = clock.now() + resetAfterMs;
  }

  /** The budget now. Permits whose IDENTIFY has not been sent are charged to it. */
  get current(): IdentifyBudget {
    const resetAfterMs = this.#resetAt - this.#clock.now();
    return resetAfterMs > 0
      ? { total: this.#total, remaining: this.#remaining, resetAfterMs }
      : { total: this.#total, remaining: this.#total - this.#unsentPermits, resetAfterMs: DAY_MS };
  }

  get resetAt(): number {
    return this.#resetAt;
  }

  get isSpent(): boolean {
    return this.#remaining <= this.#reserve;
  }

  /** Whether it stays spent even if every unsent permit is released. */
  get isSpentUntilReset(): boolean {
    return this.#remaining + this.#unsentPermits <= this.#reserve;
  }

  update({ total, remaining, resetAfterMs }: IdentifyBudget, reserve = this.#reserve): void {
    this.#total = total;
    this.#reserve = reserve;
    this.#remaining = remaining - this.#unsentPermits;
    this.#resetAt = this.#clock.now() + resetAfterMs;
    this.#periodStartsBefore = Number.NEGATIVE_INFINITY;
  }

  /** Charges a permit that is granted now. */
  charge(): void {
    this.#remaining -= 1;
    this.#unsentPermits += 1;
  }

  /** Takes back the charge of a permit that was not used. */
  refund(): void {
    this.#remaining += 1;
    this.#unsentPermits -= 1;
  }

  /** An IDENTIFY was sent. The first of a period to arrive begins the period, later than its permit was granted. */
  recordIdentify(): void {
    this.#unsentPermits -= 1;
    const now = this.#clock.now();
    if (now >= this.#periodStartsBefore) return;
    this.#resetAt = now + DAY_MS;
    this.#periodStartsBefore = Math.min(this.#periodStartsBefore, now + PERIOD_START_WINDOW_MS);
  }

  /**
   * Begins a new period if the old one is over. It begins with the first request after the old one, not at its end: a
   * reset that is assumed too early costs the token. Unsent permits are charged to it, because their IDENTIFYs fall
   * into it.
   */
  resetIfDue(): void {
    const now = this.#clock.now();
    if (now < this.#resetAt) return;
    this.#remaining = this.#total - this.#unsentPermits;
    this.#resetAt = now + DAY_MS;
    this.#periodStartsBefore = Number.POSITIVE_INFINITY;
  }
}
