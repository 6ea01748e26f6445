/**
 * The identify gate of one process. Every IDENTIFY costs one of a day's session starts, and Discord resets the token
 * of a bot that takes more than it has, so this errs on the late side: it counts from the frame, not from the permit,
 * and charges the budget before the frame is sent.
 */
import type { SessionStartLimit } from '../../machines/index.ts';
import { systemClock } from '../clock.ts';
import type { Clock } from '../clock.ts';
import { GatewayError, abortedError } from '../protocol/errors.ts';
import type { IdentifyGate, IdentifyPermit, IdentifyRequest } from './identify-gate.ts';

/**
 * Options of {@link MemoryIdentifyGate}; the first four are `session_start_limit` of `GET /gateway/bot`.
 * @see https://discord.com/developers/docs/events/gateway#session-start-limit-object
 */
export interface MemoryIdentifyGateOptions {
  /** How many keys there are; a shard's is `shardId % maxConcurrency`. Default 1. */
  maxConcurrency?: number;
  /** Session starts in a full period of 24 h. Default 1000, or `remaining` if that is more. */
  total?: number;
  /** Session starts left in the period under way. Default `total`. */
  remaining?: number;
  /** When the period under way ends, in ms from now. Default 24 h. */
  resetAfterMs?: number;
  /** Session starts never to be used, so that a restart by hand stays possible. Less than `total`. Default 0. */
  reserve?: number;
  /** From one IDENTIFY to the next of the same key, in ms. Default 5000, which Discord asks for. */
  spacingMs?: number;
  /**
   * Added to the spacing, in ms: Discord counts by arrival, and an IDENTIFY that was slow on its way must not arrive
   * too close to the next, which goes over another connection. Default 250.
   */
  marginMs?: number;
  /** Default: the system's. */
  clock?: Clock;
}

/** What is left of a day's session starts. */
export interface IdentifyBudget {
  readonly total: number;
  readonly remaining: number;
  /** ms until `remaining` is `total` again. */
  readonly resetAfterMs: number;
}

const DAY_MS = 86_400_000;
/** A frame that is lost on its way begins no period. The next one does, which in an outage may be long in coming. */
const PERIOD_START_WINDOW_MS = 3_600_000;
const DEFAULT_TOTAL = 1_000;
/** Timers of Node take no more; a longer wait is cut in pieces. */
const MAX_TIMER_MS = 2_147_483_647;

/** Shards with the same key pass one at a time. */
interface KeySlot {
  /** A permit is out whose frame has not been sent. */
  inUse: boolean;
  /** When the last frame is far enough in the past. */
  freeAt: number;
}

interface Waiter {
  readonly request: IdentifyRequest;
  keySlot: KeySlot;
  readonly grant: (permit: IdentifyPermit) => void;
  notified: boolean;
}

/**
 * An {@link IdentifyGate} for the shards of one process. Of the shards that wait for the same key the one with the
 * lowest id goes first. There is a timer only while somebody waits.
 *
 * @see https://discord.com/developers/docs/events/gateway#sharding-max-concurrency
 */
export class MemoryIdentifyGate implements IdentifyGate {
  readonly #clock: Clock;
  #maxConcurrency: number;
  readonly #spacingMs: number;
  #total: number;
  readonly #reserve: number;
  readonly #keySlots = new Map<number, KeySlot>();
  /** By shard id; those with the same id in the order they came. */
  #waiting: Waiter[] = [];
  /** Before this no key is free that was not known before. */
  #freeAt = Number.NEGATIVE_INFINITY;
  /** Permits that are out and unsent. */
  #unsentPermits = 0;
  #remaining: number;
  #resetAt: number;
  /** Until then a frame may be the first of the period that arrives, and so begin it. */
  #periodStartsBefore = Number.NEGATIVE_INFINITY;
  #timer: unknown = null;

  /** @throws {@link GatewayError} `INVALID_OPTIONS`, naming the option. */
  constructor(options: MemoryIdentifyGateOptions = {}) {
    const { maxConcurrency = 1, reserve = 0, resetAfterMs = DAY_MS, spacingMs = 5_000, marginMs = 250 } = options;
    const { total = Math.max(DEFAULT_TOTAL, options.remaining ?? 0), clock = systemClock } = options;
    const { remaining = total } = options;
    assertOption(isCount(maxConcurrency) && maxConcurrency > 0, 'maxConcurrency must be a positive integer');
    assertOption(isCount(remaining), 'remaining must be an integer, 0 or more');
    assertOption(isCount(total) && total > 0, 'total must be a positive integer');
    assertOption(remaining <= total, 'remaining must not be more than total');
    assertOption(isCount(reserve) && reserve < total, 'reserve must be an integer from 0 to less than total');
    assertOption(isDuration(resetAfterMs), 'resetAfterMs must be a number of ms, 0 or more');
    assertOption(isDuration(spacingMs), 'spacingMs must be a number of ms, 0 or more');
    assertOption(isDuration(marginMs), 'marginMs must be a number of ms, 0 or more');
    this.#clock = clock;
    this.#maxConcurrency = maxConcurrency;
    this.#spacingMs = spacingMs + marginMs;
    this.#total = total;
    this.#reserve = reserve;
    this.#remaining = remaining;
    this.#resetAt = clock.now() + resetAfterMs;
  }

  /** The budget as it stands; permits that are out are charged to it. */
  get budget(): IdentifyBudget {
    const resetAfterMs = this.#resetAt - this.#clock.now();
    return resetAfterMs > 0
      ? { total: this.#total, remaining: this.#remaining, resetAfterMs }
      : { total: this.#total, remaining: this.#total - this.#unsentPermits, resetAfterMs: DAY_MS };
  }

  /**
   * Takes over what `GET /gateway/bot` says now; other processes may have used the budget too. What an earlier
   * IDENTIFY keeps a key waiting stays so.
   */
  update({ maxConcurrency, total, remaining, resetAfterMs }: SessionStartLimit): void {
    if (maxConcurrency !== this.#maxConcurrency) this.#reassignKeySlots(maxConcurrency);
    this.#total = total;
    this.#remaining = remaining - this.#unsentPermits;
    this.#resetAt = this.#clock.now() + resetAfterMs;
    this.#periodStartsBefore = Number.NEGATIVE_INFINITY;
    this.#grantPermits();
  }

  /** Nobody knows which new key an earlier IDENTIFY counts for, so all wait for the last of them. */
  #reassignKeySlots(maxConcurrency: number): void {
    this.#maxConcurrency = maxConcurrency;
    this.#freeAt = Math.max(this.#freeAt, ...[...this.#keySlots.values()].map(({ freeAt }) => freeAt));
    this.#keySlots.clear();
    for (const waiter of this.#waiting) waiter.keySlot = this.#keySlotOf(waiter.request.shardId);
  }

  /** From one IDENTIFY to the next of a key, in ms. */
  get spacingMs(): number {
    return this.#spacingMs;
  }

  /** How many requests wait. */
  get waiting(): number {
    return this.#waiting.length;
  }

  /**
   * Waits for the turn of this shard.
   *
   * @throws {@link GatewayError} `ABORTED` when the signal is aborted before the permit is handed over. Afterwards it
   * has no effect: the permit must be given back with `release()`.
   */
  async acquire(request: IdentifyRequest): Promise<IdentifyPermit> {
    const { signal } = request;
    if (signal.aborted) throw abortedError('waiting for the identify gate', signal);
    const permit = await this.#enqueue(request);
    if (!signal.aborted) return permit;
    permit.release();
    throw abortedError('waiting for the identify gate', signal);
  }

  #enqueue(request: IdentifyRequest): Promise<IdentifyPermit> {
    const { shardId, signal } = request;
    return new Promise((resolve, reject) => {
      const waiter: Waiter = {
        request,
        keySlot: this.#keySlotOf(shardId),
        grant: (permit) => {
          signal.removeEventListener('abort', abort);
          resolve(permit);
        },
        notified: false,
      };
      const abort = (): void => {
        this.#waiting = this.#waiting.filter((other) => other !== waiter);
        reject(abortedError('waiting for the identify gate', signal));
        this.#schedule();
      };
      signal.addEventListener('abort', abort, { once: true });
      const insertAfter = this.#waiting.findLastIndex((other) => other.request.shardId <= shardId);
      this.#waiting = this.#waiting.toSpliced(insertAfter + 1, 0, waiter);
      this.#grantPermits();
    });
  }

  #keySlotOf(shardId: number): KeySlot {
    const key = shardId % this.#maxConcurrency;
    let keySlot = this.#keySlots.get(key);
    if (keySlot === undefined) {
      keySlot = { inUse: false, freeAt: this.#freeAt };
      this.#keySlots.set(key, keySlot);
    }
    return keySlot;
  }

  /** Lets pass who may, and sees to it that the others are looked at again. */
  #grantPermits(): void {
    this.#resetIfDue();
    const now = this.#clock.now();
    const granted = new Set<Waiter>();
    for (const waiter of this.#waiting) {
      if (this.#isBudgetSpent) break;
      const { keySlot } = waiter;
      if (keySlot.inUse || keySlot.freeAt > now) continue;
      keySlot.inUse = true;
      this.#remaining -= 1;
      this.#unsentPermits += 1;
      granted.add(waiter);
    }
    this.#waiting = this.#waiting.filter((waiter) => !granted.has(waiter));
    for (const { grant, keySlot } of granted) grant(this.#createPermit(keySlot));
    this.#schedule();
    this.#notifyBudgetSpent();
  }

  #createPermit(keySlot: KeySlot): IdentifyPermit {
    let used = false;
    const use = (settle: () => void): void => {
      if (used) return;
      used = true;
      // While this permit still counts as out: nobody may have waited for the reset, and it pays in the new period.
      this.#resetIfDue();
      keySlot.inUse = false;
      this.#unsentPermits -= 1;
      settle();
      this.#grantPermits();
    };
    return {
      sent: () => use(() => this.#recordIdentify(keySlot)),
      release: () => use(() => (this.#remaining += 1)),
    };
  }

  /** A frame was sent. The first of a period to arrive says when the period began, which is later than its permit. */
  #recordIdentify(keySlot: KeySlot): void {
    const now = this.#clock.now();
    keySlot.freeAt = now + this.#spacingMs;
    if (now >= this.#periodStartsBefore) return;
    this.#resetAt = now + DAY_MS;
    this.#periodStartsBefore = Math.min(this.#periodStartsBefore, now + PERIOD_START_WINDOW_MS);
  }

  get #isBudgetSpent(): boolean {
    return this.#remaining <= this.#reserve;
  }

  /**
   * A new period begins with the first who asks after the old one, and not with the end of that, because a reset that
   * is assumed too early costs the token. It is charged with the permits that are out: their frames fall into it.
   */
  #resetIfDue(): void {
    const now = this.#clock.now();
    if (now < this.#resetAt) return;
    this.#remaining = this.#total - this.#unsentPermits;
    this.#resetAt = now + DAY_MS;
    this.#periodStartsBefore = Number.POSITIVE_INFINITY;
  }

  /**
   * Tells those who wait that they will do so for long, once no permit is out that could still come back unused. A
   * callback may abort, ask anew, or throw.
   */
  #notifyBudgetSpent(): void {
    if (this.#remaining + this.#unsentPermits > this.#reserve) return;
    const retryAfterMs = this.#resetAt - this.#clock.now();
    for (const waiter of this.#waiting) {
      if (waiter.notified || waiter.request.signal.aborted) continue;
      waiter.notified = true;
      try {
        waiter.request.onBudgetSpent?.(retryAfterMs);
      } catch {
        // It is the callback's own loss; the others must get their turn.
      }
    }
  }

  #schedule(): void {
    this.#clock.clearTimeout(this.#timer);
    this.#timer = null;
    const dueAt = this.#nextChangeAt();
    if (dueAt === Number.POSITIVE_INFINITY) return;
    const delayMs = Math.min(Math.max(0, dueAt - this.#clock.now()), MAX_TIMER_MS);
    this.#timer = this.#clock.setTimeout(() => this.#grantPermits(), delayMs);
  }

  /** When time alone lets the next one pass; never while all who wait do so for a permit that is out. */
  #nextChangeAt(): number {
    if (this.#waiting.length > 0 && this.#isBudgetSpent) return this.#resetAt;
    let dueAt = Number.POSITIVE_INFINITY;
    for (const { keySlot } of this.#waiting) if (!keySlot.inUse) dueAt = Math.min(dueAt, keySlot.freeAt);
    return dueAt;
  }
}

const isCount = (value: number): boolean => Number.isSafeInteger(value) && value >= 0;

const isDuration = (value: number): boolean => Number.isFinite(value) && value >= 0;

function assertOption(isValid: boolean, message: string): void {
  if (!isValid) throw new GatewayError('INVALID_OPTIONS', `MemoryIdentifyGate: ${message}`);
}
