/**
 * Enforces the two limits on IDENTIFY: the daily budget, and one per interval for each `max_concurrency` key.
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

  /** Counts a session start and returns `null`, or returns a sentence that says which limit is exceeded. */
  tryConsume(shardId: number): string | null {
    const { clock, identifyIntervalMs, identifyToleranceMs, sessionStartLimit } = this.#settings;
    this.#resetIfDue();
    const now = clock.now();
    const key = shardId % sessionStartLimit.maxConcurrency;
    const waitedMs = now - (this.#lastByKey.get(key) ?? -Infinity);
    if (waitedMs < identifyIntervalMs - identifyToleranceMs) {
      return `IDENTIFY of shard ${shardId} came ${Math.round(waitedMs)} ms after the last one of key ${key}`;
    }
    if (this.#remaining <= 0) return `IDENTIFY of shard ${shardId} came with no session start left`;
    this.#remaining -= 1;
    this.#lastByKey.set(key, now);
    return null;
  }

  /** Returns `session_start_limit` of `GET /gateway/bot`. */
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
