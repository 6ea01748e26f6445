/**
 * Keeps the two limits on IDENTIFY: the budget of a day, and one per interval for each rate-limit key.
 * @see https://discord.com/developers/docs/events/gateway#session-start-limit-object
 */
import type { Settings } from './options.ts';

const DAY_MS = 86_400_000;

export class SessionStarts {
  readonly #settings: Settings;
  readonly #lastByKey = new Map<number, number>();
  #remaining: number;
  #resetAt: number;

  constructor(settings: Settings) {
    this.#settings = settings;
    this.#remaining = settings.sessionStartLimit.remaining;
    this.#resetAt = settings.clock.now() + settings.sessionStartLimit.resetAfterMs;
  }

  /** Takes a start for a shard; otherwise says what is wrong. */
  tryConsume(shardId: number): string | null {
    const { clock, identifyIntervalMs, identifyToleranceMs, sessionStartLimit } = this.#settings;
    this.#resetIfDue();
    const now = clock.now();
    const key = shardId % sessionStartLimit.maxConcurrency;
    const waitedMs = now - (this.#lastByKey.get(key) ?? -Infinity);
    if (waitedMs < identifyIntervalMs - identifyToleranceMs) {
      return `IDENTIFY of shard ${shardId} only ${Math.round(waitedMs)} ms after the last one of rate-limit key ${key}`;
    }
    if (this.#remaining <= 0) return `IDENTIFY of shard ${shardId} with no session starts left`;
    this.#remaining -= 1;
    this.#lastByKey.set(key, now);
    return null;
  }

  /** As `GET /gateway/bot` shows it. */
  status(): { total: number; remaining: number; reset_after: number; max_concurrency: number } {
    this.#resetIfDue();
    const { total, maxConcurrency } = this.#settings.sessionStartLimit;
    return {
      total,
      remaining: this.#remaining,
      reset_after: Math.max(0, Math.ceil(this.#resetAt - this.#settings.clock.now())),
      max_concurrency: maxConcurrency,
    };
  }

  #resetIfDue(): void {
    const now = this.#settings.clock.now();
    if (now < this.#resetAt) return;
    this.#remaining = this.#settings.sessionStartLimit.total;
    this.#resetAt += DAY_MS * Math.ceil((now - this.#resetAt + 1) / DAY_MS);
  }
}
