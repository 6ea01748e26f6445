/**
 * The sequences of one connection: what was said on it, what its client must have seen of that by now, and what its
 * heartbeats have named. Of all that was said only two marks are kept.
 * @see https://discord.com/developers/docs/events/gateway-events#heartbeat
 */
import { isSequence } from './ops.ts';
import type { OracleRule } from './oracle-rules.ts';
import type { SessionRecord } from './session-account.ts';

export class Sequences {
  readonly #complain: (rule: OracleRule, what: string) => void;
  /** How long a sequence may be under way. */
  #patienceMs: number;
  /** The highest said here; -1 before any, Infinity when nobody knows. */
  #said = -1;
  /** The highest a heartbeat has named here; -1 for none but `null`. */
  #confirmed = -1;
  #arrived = -1;
  #underWay = -1;
  #underWaySince = 0;

  constructor(patienceMs: number, complain: (rule: OracleRule, what: string) => void) {
    this.#patienceMs = patienceMs;
    this.#complain = complain;
  }

  get said(): number {
    return this.#said;
  }

  get confirmed(): number {
    return this.#confirmed;
  }

  say(sequence: number, now: number): void {
    if (sequence < this.#said) return;
    this.#said = sequence;
    if (this.#underWay !== -1 && now - this.#underWaySince <= this.#patienceMs) return;
    this.#arrived = this.#underWay;
    this.#underWay = sequence;
    this.#underWaySince = now;
  }

  /** Judges the `d` of a heartbeat; `highest` is what the session was at. */
  beat(d: unknown, highest: number, now: number): void {
    if (d !== null && !isSequence(d)) {
      this.#complain('heartbeat-sequence', 'a heartbeat whose d is neither null nor a sequence');
      return;
    }
    const named = d ?? -1;
    const least = this.#leastSeen(now);
    if (named > highest) this.#complain('heartbeat-sequence', `a heartbeat with d ${d}, which was never said`);
    else if (named < this.#confirmed) this.#complain('heartbeat-order', `a heartbeat with d ${d} after one with ${this.#confirmed}`);
    else if (named < least) this.#complain('heartbeat-fresh', `a heartbeat with d ${d} long after ${least} was said`);
    else this.#confirmed = named;
  }

  /** The session is gone, and its sequences with it. */
  reset(): void {
    this.#confirmed = -1;
    this.excuse();
  }

  /** What is said may be lost. */
  excuse(): void {
    this.#patienceMs = Infinity;
    this.#arrived = -1;
  }

  /** What has been said nobody knows. */
  garble(): void {
    this.excuse();
    this.#said = Infinity;
  }

  #leastSeen(now: number): number {
    if (now - this.#underWaySince > this.#patienceMs) this.#arrived = this.#underWay;
    return this.#arrived;
  }
}

/** Takes over into the account of a session what was said and confirmed on one of its connections. */
export function settle(session: SessionRecord, { said, confirmed }: Sequences): void {
  session.said = Math.max(session.said, said);
  session.confirmed = Math.max(session.confirmed, confirmed);
}
