/**
 * The heartbeats of one connection. An interval runs from one scheduled beat to the next; a beat that op 1 asked for
 * stands outside of that. Which of two beats was the one asked for can't be told, so each op 1 excuses one beat: the
 * first that would otherwise be too early or on a zombie.
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
  /** How late a beat may be, and how early after a late one; Infinity once frames may be lost or late. */
  #latenessMs: number;
  /** 0 until HELLO has given one. */
  #intervalMs = 0;
  /** Before this a scheduled beat is too early. */
  #notBefore = -Infinity;
  /** After this it is missing. */
  #dueBy = Infinity;
  /** The rule broken by missing it. */
  #missedRule: OracleRule = 'heartbeat-first';
  #isAwaitingAck = false;
  /** Beats op 1 has asked for and that are not accounted for. */
  #requested = 0;
  /** Beats the client may still add of its own accord before the next of the schedule. */
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

  /** Whether op 1 has asked for a beat that did not come yet. */
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
    // Before HELLO there is no beating: it may be answered, and need not be.
    if (this.#intervalMs > 0) this.#answerBy = Math.min(this.#answerBy, now + this.#roundTripMs + this.#latenessMs);
  }

  /** One that comes just before the next beat is due may be too late for a client that gives up now. */
  onAck(now: number): void {
    if (this.#isAwaitingAck && now + this.#roundTripMs > this.#dueBy) this.#dueBy += this.#roundTripMs;
    this.#isAwaitingAck = false;
  }

  /** What is not there, or comes late, is no fault from here on. */
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
    if (this.#isAwaitingAck) this.#complain('zombie-heartbeat', 'a heartbeat after one that was not acknowledged');
    this.#notBefore = Math.max(this.#notBefore, now) + this.#intervalMs;
    this.#dueBy = dueBy;
    this.#missedRule = 'heartbeat-missing';
    this.#isAwaitingAck = true;
    this.#extraLeft = this.#extraHeartbeats;
  }

  /** It may be the one of the schedule, and the one before was added: so it moves the next due time. */
  #acceptExtra(earlyMs: number, dueBy: number): void {
    if (this.#requested > 0) this.#requested -= 1;
    else if (this.#extraLeft > 0) this.#extraLeft -= 1;
    else this.#complain('heartbeat-pace', `a heartbeat ${Math.round(earlyMs)} ms before it was due`);
    this.#dueBy = Math.max(this.#dueBy, dueBy);
  }

  /** Judges what should have come by now. */
  checkMissing(now: number): void {
    if (now > this.#answerBy) {
      this.#complain('heartbeat-answer', 'op 1 was not answered');
      this.#answerBy = Infinity;
    }
    if (now <= this.#dueBy + (this.#isAwaitingAck ? this.#roundTripMs : 0)) return;
    if (this.#isAwaitingAck) this.#complain('zombie-kept', 'still there although a heartbeat was not acknowledged');
    else this.#complain(this.#missedRule, `no heartbeat ${Math.round(now - this.#dueBy)} ms after it had to be there`);
    this.#dueBy = Infinity;
  }
}
