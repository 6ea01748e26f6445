/**
 * Judges the heartbeats of one connection. An interval runs from one scheduled heartbeat to the next; the answer to op
 * 1 is extra. Nothing marks which heartbeat is the answer. So each op 1 excuses one heartbeat: the first that would
 * otherwise be too early, or on a zombie.
 * @see https://discord.com/developers/docs/events/gateway#sending-heartbeats
 */
import type { OracleRule } from './oracle-rules.ts';

type Complain = (rule: OracleRule, what: string) => void;

interface HeartbeatTimes {
  readonly extraHeartbeats: number;
  readonly lateMs: number;
  readonly roundTripMs: number;
}

export class HeartbeatRules {
  readonly #complain: Complain;
  readonly #roundTripMs: number;
  readonly #extraHeartbeats: number;
  /** How late a heartbeat may be, and how early after a late one; Infinity once frames may be lost or late. */
  #latenessMs: number;
  /** 0 before HELLO, and when HELLO has no valid interval. */
  #intervalMs = 0;
  /** A scheduled heartbeat before this time is too early. */
  #notBefore = -Infinity;
  /** After this time the next heartbeat is missing. */
  #dueBy = Infinity;
  /** The rule that a missing heartbeat breaks. */
  #missedRule: OracleRule = 'heartbeat-first';
  #isAwaitingAck = false;
  /** How many op 1 have not excused a heartbeat yet. */
  #requested = 0;
  /** How many extra heartbeats the client may still send before the next scheduled one. */
  #extraLeft = 0;
  #answerBy = Infinity;

  constructor({ extraHeartbeats, lateMs, roundTripMs }: HeartbeatTimes, complain: Complain) {
    this.#extraHeartbeats = extraHeartbeats;
    this.#roundTripMs = roundTripMs;
    this.#latenessMs = lateMs;
    this.#complain = complain;
  }

  get intervalMs(): number {
    return this.#intervalMs;
  }

  /** Whether the client may answer an op 1 now. */
  get isRequested(): boolean {
    return this.#requested > 0;
  }

  onHello(intervalMs: unknown, now: number): void {
    const isFirst = this.#intervalMs === 0 && typeof intervalMs === 'number' && intervalMs > 0 && intervalMs < Infinity;
    this.#intervalMs = isFirst ? intervalMs : 0;
    this.#dueBy = isFirst ? now + intervalMs + this.#roundTripMs + this.#latenessMs : Infinity;
  }

  onRequest(now: number): void {
    this.#requested += 1;
    // Before HELLO the client may answer op 1, and need not.
    if (this.#intervalMs > 0) this.#answerBy = Math.min(this.#answerBy, now + this.#roundTripMs + this.#latenessMs);
  }

  /** An ACK just before the next heartbeat is due may arrive after the client has given up, so grant a round trip. */
  onAck(now: number): void {
    if (this.#isAwaitingAck && now + this.#roundTripMs > this.#dueBy) this.#dueBy += this.#roundTripMs;
    this.#isAwaitingAck = false;
  }

  /** Ignores missing and late heartbeats from now on. */
  allowLoss(): void {
    this.#latenessMs = Infinity;
    this.#dueBy = Infinity;
    this.#answerBy = Infinity;
  }

  onHeartbeat(now: number): void {
    this.#answerBy = Infinity;
    if (this.#intervalMs === 0) {
      this.#requested = Math.max(0, this.#requested - 1);
      return;
    }
    const earlyMs = this.#notBefore - now;
    const dueBy = now + this.#intervalMs + this.#latenessMs;
    if (earlyMs <= this.#latenessMs && !(this.#isAwaitingAck && this.#requested > 0)) this.#acceptScheduled(now, dueBy);
    else this.#acceptExtra(earlyMs, dueBy);
  }

  #acceptScheduled(now: number, dueBy: number): void {
    if (this.#isAwaitingAck) this.#complain('zombie-heartbeat', 'a heartbeat followed one that was not acknowledged');
    this.#notBefore = Math.max(this.#notBefore, now) + this.#intervalMs;
    this.#dueBy = dueBy;
    this.#missedRule = 'heartbeat-missing';
    this.#isAwaitingAck = true;
    this.#extraLeft = this.#extraHeartbeats;
  }

  /** Moves the due time too: perhaps this one was scheduled, and the one before was extra. */
  #acceptExtra(earlyMs: number, dueBy: number): void {
    if (this.#requested > 0) this.#requested -= 1;
    else if (this.#extraLeft > 0) this.#extraLeft -= 1;
    else this.#complain('heartbeat-pace', `a heartbeat came ${Math.round(earlyMs)} ms before it was due`);
    this.#dueBy = Math.max(this.#dueBy, dueBy);
  }

  /** Complains about heartbeats that should have arrived by now. */
  checkMissing(now: number): void {
    if (now > this.#answerBy) {
      this.#complain('heartbeat-answer', 'the client did not answer op 1 with a heartbeat');
      this.#answerBy = Infinity;
    }
    if (now <= this.#dueBy + (this.#isAwaitingAck ? this.#roundTripMs : 0)) return;
    if (this.#isAwaitingAck)
      this.#complain('zombie-kept', 'the client kept a connection on which a heartbeat was not acknowledged');
    else
      this.#complain(this.#missedRule, `the heartbeat is missing ${Math.round(now - this.#dueBy)} ms after it was due`);
    this.#dueBy = Infinity;
  }
}
