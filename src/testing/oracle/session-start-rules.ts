/**
 * Judges session starts: one IDENTIFY per interval and `max_concurrency` key, and a daily budget.
 * @see https://discord.com/developers/docs/events/gateway#session-start-limit-object
 */
import type { OracleRule } from './oracle-rules.ts';
import type { OracleSettings } from './oracle-options.ts';

const DAY_MS = 86_400_000;

export class SessionStartRules {
  readonly #settings: OracleSettings;
  readonly #lastByKey = new Map<number, number>();
  #remaining: number;
  #resetAt: number;

  constructor(settings: OracleSettings) {
    this.#settings = settings;
    this.#remaining = settings.remainingStarts;
    this.#resetAt = settings.clock.now() + settings.resetAfterMs;
  }

  consume(shardId: number, now: number, complain: (rule: OracleRule, what: string) => void): void {
    const { identifyIntervalMs, identifyToleranceMs, maxConcurrency, toleranceMs, totalStarts } = this.#settings;
    const key = shardId % maxConcurrency;
    const waitedMs = now - (this.#lastByKey.get(key) ?? -Infinity);
    this.#lastByKey.set(key, now);
    if (waitedMs < identifyIntervalMs - identifyToleranceMs) {
      complain(
        'identify-spacing',
        `IDENTIFY of shard ${shardId} came ${Math.round(waitedMs)} ms after the last one of key ${key}`,
      );
    }
    if (now + toleranceMs >= this.#resetAt) {
      this.#remaining = totalStarts;
      this.#resetAt += DAY_MS * Math.ceil((now + toleranceMs - this.#resetAt + 1) / DAY_MS);
    }
    if (this.#remaining > 0) this.#remaining -= 1;
    else complain('identify-budget', `IDENTIFY of shard ${shardId} came with no session start left`);
  }
}
