/**
 * Judges the sequences in the heartbeats of one connection. It compares them with the sequences that the gateway sent,
 * and with those that the client must have received by now. It keeps two of all sequences, so that memory is constant.
 * @see https://discord.com/developers/docs/events/gateway-events#heartbeat
 */
import { isCount } from '../../protocol/validation.ts';
import type { OracleRule } from './oracle-rules.ts';
import type { SessionRecord } from './session-records.ts';

export class Sequences {
  readonly #complain: (rule: OracleRule, what: string) => void;
  /** How long a sequence may take to reach the client. */
  #maxDelayMs: number;
  /** The highest sequence sent on this connection; -1 before the first, Infinity when it is unknown. */
  #lastSent = -1;
  /** The highest sequence in a heartbeat on this connection; -1 when all had `null`. */
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

  /** Judges the `d` of a heartbeat. `maxSequence` is the last sequence of the session. */
  checkHeartbeat(d: unknown, maxSequence: number, now: number): void {
    if (d !== null && !isCount(d)) {
      this.#complain('heartbeat-sequence', 'the d of a heartbeat is neither null nor a sequence');
      return;
    }
    const sequence = d ?? -1;
    const minReceived = this.#minReceived(now);
    if (sequence > maxSequence)
      this.#complain('heartbeat-sequence', `a heartbeat had d ${d}, a sequence that was not sent`);
    else if (sequence < this.#confirmed)
      this.#complain('heartbeat-order', `a heartbeat had d ${d} after one with ${this.#confirmed}`);
    else if (sequence < minReceived)
      this.#complain('heartbeat-fresh', `a heartbeat had d ${d} long after sequence ${minReceived} was sent`);
    else this.#confirmed = sequence;
  }

  /** Forgets the sequences of a session that has ended. */
  reset(): void {
    this.#confirmed = -1;
    this.allowLoss();
  }

  /** Assumes from now on that dispatches may be lost. */
  allowLoss(): void {
    this.#maxDelayMs = Infinity;
    this.#received = -1;
  }

  /** Accepts every sequence from now on: what the client decoded is unknown. */
  markUndecodable(): void {
    this.allowLoss();
    this.#lastSent = Infinity;
  }

  #minReceived(now: number): number {
    if (now - this.#inFlightSince > this.#maxDelayMs) this.#received = this.#inFlight;
    return this.#received;
  }
}

/** Adds what was sent and confirmed on a connection to the record of its session. */
export function mergeSequences(session: SessionRecord, { lastSent, confirmed }: Sequences): void {
  session.lastSent = Math.max(session.lastSent, lastSent);
  session.confirmed = Math.max(session.confirmed, confirmed);
}
