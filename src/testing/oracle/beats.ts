/**
 * The heartbeats of one connection. An interval runs from one scheduled beat to the next; a beat that op 1 asked for
 * stands outside of that. Which of two beats was the one asked for can't be told, so each op 1 excuses one beat: the
 * first that would otherwise be too early or on a zombie.
 * @see https://discord.com/developers/docs/events/gateway#sending-heartbeats
 */
import type { OracleRule } from './oracle-rules.ts';

type Complain = (rule: OracleRule, what: string) => void;

interface BeatTimes {
  readonly spareBeats: number;
  readonly lateMs: number;
  readonly roundTripMs: number;
}

export class Beats {
  readonly #complain: Complain;
  readonly #roundTripMs: number;
  readonly #spareBeats: number;
  /** How late a beat may be, and how early after a late one; Infinity once frames may be lost or late. */
  #patienceMs: number;
  /** 0 until HELLO has given one. */
  #intervalMs = 0;
  /** Before this a scheduled beat is too early. */
  #notBefore = -Infinity;
  /** After this it is missing. */
  #dueBy = Infinity;
  /** The rule broken by missing it. */
  #duty: OracleRule = 'heartbeat-first';
  #isAwaitingAck = false;
  /** Beats op 1 has asked for and that are not accounted for. */
  #excused = 0;
  /** Beats the client may still add of its own accord before the next of the schedule. */
  #spare = 0;
  #answerBy = Infinity;

  constructor({ spareBeats, lateMs, roundTripMs }: BeatTimes, complain: Complain) {
    this.#spareBeats = spareBeats;
    this.#roundTripMs = roundTripMs;
    this.#patienceMs = lateMs;
    this.#complain = complain;
  }

  get intervalMs(): number {
    return this.#intervalMs;
  }

  /** Whether op 1 has asked for a beat that did not come yet. */
  get isAsked(): boolean {
    return this.#excused > 0;
  }

  hello(intervalMs: unknown, now: number): void {
    const isFirst = this.#intervalMs === 0 && typeof intervalMs === 'number' && intervalMs > 0 && intervalMs < Infinity;
    this.#intervalMs = isFirst ? intervalMs : 0;
    this.#dueBy = isFirst ? now + intervalMs + this.#roundTripMs + this.#patienceMs : Infinity;
  }

  ask(now: number): void {
    this.#excused += 1;
    // Before HELLO there is no beating: it may be answered, and need not be.
    if (this.#intervalMs > 0) this.#answerBy = Math.min(this.#answerBy, now + this.#roundTripMs + this.#patienceMs);
  }

  /** One that comes just before the next beat is due may be too late for a client that gives up now. */
  ack(now: number): void {
    if (this.#isAwaitingAck && now + this.#roundTripMs > this.#dueBy) this.#dueBy += this.#roundTripMs;
    this.#isAwaitingAck = false;
  }

  /** What is not there, or comes late, is no fault from here on. */
  excuse(): void {
    this.#patienceMs = Infinity;
    this.#dueBy = Infinity;
    this.#answerBy = Infinity;
  }

  beat(now: number): void {
    this.#answerBy = Infinity;
    if (this.#intervalMs === 0) {
      this.#excused = Math.max(0, this.#excused - 1);
      return;
    }
    const earlyMs = this.#notBefore - now;
    const dueBy = now + this.#intervalMs + this.#patienceMs;
    if (earlyMs <= this.#patienceMs && !(this.#isAwaitingAck && this.#excused > 0)) this.#scheduled(now, dueBy);
    else this.#added(earlyMs, dueBy);
  }

  #scheduled(now: number, dueBy: number): void {
    if (this.#isAwaitingAck) this.#complain('zombie-beaten', 'a heartbeat after one that was not acknowledged');
    this.#notBefore = Math.max(this.#notBefore, now) + this.#intervalMs;
    this.#dueBy = dueBy;
    this.#duty = 'heartbeat-missing';
    this.#isAwaitingAck = true;
    this.#spare = this.#spareBeats;
  }

  /** It may be the one of the schedule, and the one before was added: so it moves the next due time. */
  #added(earlyMs: number, dueBy: number): void {
    if (this.#excused > 0) this.#excused -= 1;
    else if (this.#spare > 0) this.#spare -= 1;
    else this.#complain('heartbeat-pace', `a heartbeat ${Math.round(earlyMs)} ms before it was due`);
    this.#dueBy = Math.max(this.#dueBy, dueBy);
  }

  /** Judges what should have come by now. */
  judge(now: number): void {
    if (now > this.#answerBy) {
      this.#complain('heartbeat-answer', 'op 1 was not answered');
      this.#answerBy = Infinity;
    }
    if (now <= this.#dueBy + (this.#isAwaitingAck ? this.#roundTripMs : 0)) return;
    if (this.#isAwaitingAck) this.#complain('zombie-kept', 'still there although a heartbeat was not acknowledged');
    else this.#complain(this.#duty, `no heartbeat ${Math.round(now - this.#dueBy)} ms after it had to be there`);
    this.#dueBy = Infinity;
  }
}
