/**
 * The book of beats: when the next is due, which are unanswered, how long answers take. The machine decides *that*
 * a beat is sent; this knows *when*, without drift, and how late.
 */
import type { Clock } from '../clock.ts';
import type { GatewayError } from '../protocol/errors.ts';

/** A beat later than this part of the interval means that the process was busy or asleep. */
const LAGGED_FRACTION = 0.25;

/** A beat is not judged before its answer has had this part of the interval to come. */
const MIN_GAP_FRACTION = 0.25;

interface Waiter {
  resolve(latencyMs: number): void;
  reject(error: GatewayError): void;
}

export class HeartbeatTracker {
  readonly #clock: Clock;
  #intervalMs = 0;
  #dueAt: number | null = null;
  #lateMs = 0;
  #wasOverdue = false;
  #hasSent = false;
  /** When each unanswered beat was sent; ACKs come in order. */
  #sentAt: number[] = [];
  #waiters: Waiter[] = [];
  /** The last round trip in ms. */
  ping: number | null = null;
  lastAckAt: number | null = null;

  constructor(clock: Clock) {
    this.#clock = clock;
  }

  /** `null` before the first beat of a connection. */
  get acknowledged(): boolean | null {
    return this.#hasSent ? this.#sentAt.length === 0 : null;
  }

  get awaitsAck(): boolean {
    return this.#sentAt.length > 0;
  }

  /** A new connection: what the old one owed is not asked of it. */
  reset(error: GatewayError): void {
    this.#dueAt = null;
    this.#lateMs = 0;
    this.#wasOverdue = false;
    this.#hasSent = false;
    this.#sentAt = [];
    const waiters = this.#waiters;
    this.#waiters = [];
    for (const waiter of waiters) waiter.reject(error);
  }

  /** Sets the first beat; gives back the delay. */
  scheduleFirst(delayMs: number, intervalMs: number): number {
    this.#intervalMs = intervalMs;
    this.#dueAt = this.#clock.now() + delayMs;
    return delayMs;
  }

  /** Sets the next beat one interval after the last was *due*, so that late timers do not add up. */
  scheduleNext(): number {
    const now = this.#clock.now();
    const dueAt = this.#dueAt ?? now;
    if (!this.#wasOverdue) this.#lateMs = now - dueAt;
    this.#wasOverdue = false;
    const nextAt = dueAt + this.#intervalMs;
    // After a sleep there is nothing to catch up on, and a beat right behind another would find it unanswered: the
    // schedule starts anew.
    this.#dueAt = nextAt - now >= this.#intervalMs * MIN_GAP_FRACTION ? nextAt : now + this.#intervalMs;
    return this.#dueAt - now;
  }

  /** The timer of a beat has fired, but the one before it is unanswered. */
  markOverdue(): void {
    this.#wasOverdue = true;
    this.#lateMs = this.#clock.now() - (this.#dueAt ?? this.#clock.now());
  }

  /** How late the last timer was, if that is worth telling; told once. */
  consumeLagMs(): number | null {
    const lateMs = this.#lateMs;
    this.#lateMs = 0;
    return lateMs > this.#intervalMs * LAGGED_FRACTION ? lateMs : null;
  }

  recordSent(): void {
    const now = this.#clock.now();
    this.#hasSent = true;
    // What has no answer within an interval gets none: the answers of later beats must not be taken for it.
    this.#sentAt = this.#sentAt.filter((at) => now - at < this.#intervalMs);
    this.#sentAt.push(now);
  }

  /** An ACK came. Gives the round trip, or `null` when no beat was waiting for one. */
  recordAck(): number | null {
    const now = this.#clock.now();
    this.lastAckAt = now;
    const sentAt = this.#sentAt.shift();
    if (sentAt === undefined) return null;
    this.ping = now - sentAt;
    const waiters = this.#waiters;
    this.#waiters = [];
    for (const waiter of waiters) waiter.resolve(this.ping);
    return this.ping;
  }

  /** Settles with the round trip of the next beat that is answered. */
  nextAck(): Promise<number> {
    return new Promise((resolve, reject) => this.#waiters.push({ resolve, reject }));
  }
}
