/**
 * The sequences of one connection: what was said on it, what its client must have seen of that by now, and what its
 * heartbeats have named. Of all that was said only two marks are kept.
 * @see https://discord.com/developers/docs/events/gateway-events#heartbeat
 */
import { isSequence } from './opcodes.ts';
import type { OracleRule } from './oracle-rules.ts';
import type { SessionRecord } from './session-records.ts';

export class Sequences {
  readonly #complain: (rule: OracleRule, what: string) => void;
  /** How long a sequence may be under way. */
  #maxDelayMs: number;
  /** The highest said here; -1 before any, Infinity when nobody knows. */
  #lastSent = -1;
  /** The highest a heartbeat has named here; -1 for none but `null`. */
  #confirmed = -1;
  #received = -1;
  #inFlight = -1;
  #inFlightSince = 0;

  constructor(maxDelayMs: number, complain: (rule: OracleRule, what: string) => void) {
    this.#maxDelayMs = maxDelayMs;
    this.#complain = complain;
  }

  get lastSent(): number {
    return this.#lastSent;
  }

  get confirmed(): number {
    return this.#confirmed;
  }

  recordSent(sequence: number, now: number): void {
    if (sequence < this.#lastSent) return;
    this.#lastSent = sequence;
    if (this.#inFlight !== -1 && now - this.#inFlightSince <= this.#maxDelayMs) return;
    this.#received = this.#inFlight;
    this.#inFlight = sequence;
    this.#inFlightSince = now;
  }

  /** Judges the `d` of a heartbeat; `maxSequence` is what the session was at. */
  checkHeartbeat(d: unknown, maxSequence: number, now: number): void {
    if (d !== null && !isSequence(d)) {
      this.#complain('heartbeat-sequence', 'a heartbeat whose d is neither null nor a sequence');
      return;
    }
    const named = d ?? -1;
    const minReceived = this.#minReceived(now);
    if (named > maxSequence) this.#complain('heartbeat-sequence', `a heartbeat with d ${d}, which was never said`);
    else if (named < this.#confirmed)
      this.#complain('heartbeat-order', `a heartbeat with d ${d} after one with ${this.#confirmed}`);
    else if (named < minReceived)
      this.#complain('heartbeat-fresh', `a heartbeat with d ${d} long after ${minReceived} was said`);
    else this.#confirmed = named;
  }

  /** The session is gone, and its sequences with it. */
  reset(): void {
    this.#confirmed = -1;
    this.allowLoss();
  }

  /** What is said may be lost. */
  allowLoss(): void {
    this.#maxDelayMs = Infinity;
    this.#received = -1;
  }

  /** What has been said nobody knows. */
  markUndecodable(): void {
    this.allowLoss();
    this.#lastSent = Infinity;
  }

  #minReceived(now: number): number {
    if (now - this.#inFlightSince > this.#maxDelayMs) this.#received = this.#inFlight;
    return this.#received;
  }
}

/** Takes over into the account of a session what was said and confirmed on one of its connections. */
export function mergeSequences(session: SessionRecord, { lastSent, confirmed }: Sequences): void {
  session.lastSent = Math.max(session.lastSent, lastSent);
  session.confirmed = Math.max(session.confirmed, confirmed);
}
