/**
 * Keeps the schedule of heartbeats and measures their round trips, over all connections of a shard. The machine decides
 * that a heartbeat is sent; this class says when, without drift, and how late it was.
 */
import type { Clock } from '../clock.ts';
import type { GatewayError } from '../protocol/errors.ts';
import { heartbeatSlotsOf } from './heartbeat-slots.ts';
import type { HeartbeatSlots } from './heartbeat-slots.ts';

/** A heartbeat later than this part of the interval means that the process was busy or asleep. */
const LAGGED_FRACTION = 0.25;

/** Min time between two heartbeats, as a part of the interval, so that the first can be acknowledged. */
const MIN_GAP_FRACTION = 0.25;

/**
 * After a sleep, the next heartbeat comes this soon, or after a quarter of the interval if that is longer: the
 * connection is probably dead, and a heartbeat without ACK shows it.
 */
const PROBE_AFTER_MS = 5_000;

interface Waiter {
  resolve(latencyMs: number): void;
  reject(error: GatewayError): void;
}

export class HeartbeatTracker {
  readonly #clock: Clock;
  /** `null` for heartbeats that are sent exactly when they are due. */
  readonly #slots: HeartbeatSlots | null;
  #intervalMs = 0;
  #dueAt: number | null = null;
  #lateMs = 0;
  #wasOverdue = false;
  #hasSent = false;
  /** When each unacknowledged heartbeat was sent. ACKs arrive in order. */
  #sentAt: number[] = [];
  #waiters: Waiter[] = [];
  /** The last round trip of this connection, in ms. */
  ping: number | null = null;
  lastAckAt: number | null = null;

  constructor(clock: Clock, slots = heartbeatSlotsOf(clock)) {
    this.#clock = clock;
    this.#slots = slots;
  }

  /** `null` before the first heartbeat of a connection. */
  get acknowledged(): boolean | null {
    return this.#hasSent ? this.#sentAt.length === 0 : null;
  }

  /** The interval of HELLO, in ms. */
  get intervalMs(): number {
    return this.#intervalMs;
  }

  get awaitsAck(): boolean {
    return this.#sentAt.length > 0;
  }

  /** Called when a connection ends: its missing ACKs must not be expected of the next one. */
  reset(error: GatewayError): void {
    this.#dueAt = null;
    this.#lateMs = 0;
    this.#wasOverdue = false;
    this.#hasSent = false;
    this.#sentAt = [];
    this.ping = null;
    const waiters = this.#waiters;
    this.#waiters = [];
    for (const waiter of waiters) waiter.reject(error);
  }

  /** Schedules the first heartbeat, which decides about the slot of all others. Returns its delay in ms. */
  scheduleFirst(delayMs: number, intervalMs: number): number {
    this.#intervalMs = intervalMs;
    const now = this.#clock.now();
    const dueAt = now + delayMs;
    this.#dueAt = this.#slots?.near(dueAt, now, intervalMs) ?? dueAt;
    return this.#dueAt - now;
  }

  /**
   * Schedules the next heartbeat one interval after the last was due, not sent, so that late timers do not add up.
   * Returns its delay in ms.
   */
  scheduleNext(): number {
    const now = this.#clock.now();
    const dueAt = this.#dueAt ?? now;
    if (!this.#wasOverdue) this.#lateMs = now - dueAt;
    this.#wasOverdue = false;
    const nextAt = dueAt + this.#intervalMs;
    const minGapMs = this.#intervalMs * MIN_GAP_FRACTION;
    // After a sleep, the schedule restarts: a heartbeat right after another would find it unacknowledged.
    const restartsAt = now + Math.max(minGapMs, Math.min(this.#intervalMs, PROBE_AFTER_MS));
    this.#dueAt = nextAt - now >= minGapMs ? nextAt : restartsAt;
    return this.#dueAt - now;
  }

  /** Called when a heartbeat is due while the one before is unacknowledged. */
  markOverdue(): void {
    this.#wasOverdue = true;
    this.#lateMs = this.#clock.now() - (this.#dueAt ?? this.#clock.now());
  }

  /** Returns how late the last timer was, in ms, if that is worth reporting. Later calls return `null`. */
  consumeLagMs(): number | null {
    const lateMs = this.#lateMs;
    this.#lateMs = 0;
    return lateMs > this.#intervalMs * LAGGED_FRACTION ? lateMs : null;
  }

  recordSent(): void {
    const now = this.#clock.now();
    this.#hasSent = true;
    // A heartbeat without an ACK within an interval gets none: ACKs of later heartbeats must not count for it.
    this.#sentAt = this.#sentAt.filter((at) => now - at < this.#intervalMs);
    this.#sentAt.push(now);
  }

  /** Called at an ACK. Returns the round trip in ms, or `null` when no heartbeat was waiting for it. */
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

  /** Resolves with the round trip of the next heartbeat that is acknowledged, in ms. */
  nextAck(): Promise<number> {
    return new Promise((resolve, reject) => this.#waiters.push({ resolve, reject }));
  }
}
