/** The identify gate of one process. The spacing counts from the IDENTIFY that was sent, not from its permit. */
import type { SessionStartLimit } from '../../machines/index.ts';
import { MAX_TIMER_MS, systemClock } from '../clock.ts';
import type { Clock } from '../clock.ts';
import { abortedError } from '../protocol/errors.ts';
import { onAbort } from '../protocol/on-abort.ts';
import { assertOption, isCount, isDuration, isPositiveInteger } from '../protocol/validation.ts';
import type { IdentifyBudget, IdentifyGate, IdentifyPermit, IdentifyRequest } from './identify-gate.ts';
import { DAY_MS, SessionStartBudget } from './session-start-budget.ts';

/**
 * Options of {@link MemoryIdentifyGate}. The first four are the `session_start_limit` of `GET /gateway/bot`.
 * @see https://discord.com/developers/docs/events/gateway#session-start-limit-object
 */
export interface MemoryIdentifyGateOptions {
  /**
   * Number of keys, of which each lets one IDENTIFY pass at a time. The key of a shard is `shardId % maxConcurrency`.
   * @defaultValue 1
   * @see https://discord.com/developers/docs/events/gateway#sharding-max-concurrency
   */
  maxConcurrency?: number;
  /**
   * Session starts in a full period of 24 h.
   * @defaultValue 1000, or `remaining` if that is more
   */
  total?: number;
  /**
   * Session starts left in the current period.
   * @defaultValue `total`
   */
  remaining?: number;
  /**
   * Time until the current period ends, in ms.
   * @defaultValue 86_400_000 ms (24 h)
   */
  resetAfterMs?: number;
  /**
   * Session starts that the gate never uses, so that you can still restart the bot by hand. Must be less than `total`.
   * @defaultValue 0
   */
  reserve?: number;
  /**
   * Time from one IDENTIFY to the next of the same key, in ms. Discord requires 5 s.
   * @defaultValue 5_000 ms
   */
  spacingMs?: number;
  /**
   * Added to `spacingMs`, in ms. Discord counts by arrival, and two IDENTIFYs travel over different connections: a slow
   * one must not arrive too close to the next.
   * @defaultValue 250 ms
   */
  marginMs?: number;
  /**
   * The source of time.
   * @defaultValue `systemClock`
   */
  clock?: Clock;
}

const DEFAULT_TOTAL = 1_000;
export const DEFAULT_SPACING_MS = 5_000;
export const DEFAULT_MARGIN_MS = 250;

/** One `max_concurrency` key: its shards pass one at a time. */
interface KeySlot {
  /** A permit is outstanding. */
  inUse: boolean;
  /** When the last IDENTIFY is far enough in the past. */
  freeAt: number;
}

interface Waiter {
  readonly request: IdentifyRequest;
  keySlot: KeySlot;
  readonly grant: (permit: ExpiringPermit) => void;
  notified: boolean;
}

/** A permit whose holder may be another process, which can end before it sends. */
export interface ExpiringPermit extends IdentifyPermit {
  /** Counts the permit as used and no longer blocks its key. If `sent()` is called later, the spacing counts from then. */
  expire(): void;
}

/**
 * An {@link IdentifyGate} for the shards of one process. Among shards with the same key the lowest id goes first. It
 * keeps a timer only while requests wait.
 *
 * @see https://discord.com/developers/docs/events/gateway#sharding-max-concurrency
 */
export class MemoryIdentifyGate implements IdentifyGate {
  readonly #clock: Clock;
  #maxConcurrency: number;
  readonly #spacingMs: number;
  readonly #budget: SessionStartBudget;
  readonly #keySlots = new Map<number, KeySlot>();
  /** By shard id; requests with the same id in order of arrival. */
  #waiting: Waiter[] = [];
  /** A key slot that is created later is free from then on. */
  #freeAt: number;
  #timer: unknown = null;

  /**
   * @param freeAt - grants no permit before. For an engine that has forgotten who identified last.
   * @throws {@link GatewayError} `INVALID_OPTIONS`, naming the option.
   */
  constructor(options: MemoryIdentifyGateOptions = {}, freeAt = Number.NEGATIVE_INFINITY) {
    const { maxConcurrency = 1, reserve = 0, resetAfterMs = DAY_MS } = options;
    const { spacingMs = DEFAULT_SPACING_MS, marginMs = DEFAULT_MARGIN_MS } = options;
    const { total = Math.max(DEFAULT_TOTAL, options.remaining ?? 0), clock = systemClock } = options;
    const { remaining = total } = options;
    check(isPositiveInteger(maxConcurrency), 'maxConcurrency must be a positive integer');
    check(isCount(remaining), 'remaining must be an integer, 0 or more');
    check(isPositiveInteger(total), 'total must be a positive integer');
    check(remaining <= total, 'remaining must not be more than total');
    check(isCount(reserve) && reserve < total, 'reserve must be an integer from 0 to total - 1');
    check(isDuration(resetAfterMs), 'resetAfterMs must be a number of ms, 0 or more');
    check(isDuration(spacingMs), 'spacingMs must be a number of ms, 0 or more');
    check(isDuration(marginMs), 'marginMs must be a number of ms, 0 or more');
    this.#clock = clock;
    this.#maxConcurrency = maxConcurrency;
    this.#spacingMs = spacingMs + marginMs;
    this.#freeAt = freeAt;
    this.#budget = new SessionStartBudget({ total, remaining, resetAfterMs, reserve, clock });
  }

  /** The budget now. Permits whose IDENTIFY has not been sent are charged to it. */
  get budget(): IdentifyBudget {
    return this.#budget.current;
  }

  /**
   * Applies a new answer of `GET /gateway/bot`: other processes may have used the budget too. The spacing to the last
   * IDENTIFY of a key stays in force. Without `reserve` the reserve stays, too.
   */
  update(limit: SessionStartLimit, reserve?: number): void {
    if (limit.maxConcurrency !== this.#maxConcurrency) this.#reassignKeySlots(limit.maxConcurrency);
    this.#budget.update(limit, reserve);
    this.#grantPermits();
  }

  /** An earlier IDENTIFY may count for any of the new keys, so all of them wait for the last one. */
  #reassignKeySlots(maxConcurrency: number): void {
    this.#maxConcurrency = maxConcurrency;
    this.#freeAt = Math.max(this.#freeAt, ...[...this.#keySlots.values()].map(({ freeAt }) => freeAt));
    this.#keySlots.clear();
    for (const waiter of this.#waiting) waiter.keySlot = this.#keySlotOf(waiter.request.shardId);
  }

  /** Time from one IDENTIFY to the next of the same key, margin included, in ms. */
  get spacingMs(): number {
    return this.#spacingMs;
  }

  /** Number of requests in the queue. */
  get waiting(): number {
    return this.#waiting.length;
  }

  /**
   * Resolves when it is the turn of this shard. Aborting has no effect afterwards: return an unused permit with
   * `release()`.
   *
   * @throws {@link GatewayError} `ABORTED` when the signal aborts before the permit is granted.
   */
  async acquire(request: IdentifyRequest): Promise<ExpiringPermit> {
    const { signal } = request;
    if (signal.aborted) throw abortedError('waiting for the identify gate', signal);
    const permit = await this.#enqueue(request);
    if (!signal.aborted) return permit;
    permit.release();
    throw abortedError('waiting for the identify gate', signal);
  }

  /** Counts an IDENTIFY for which this gate has granted no permit: an engine granted it before it forgot everything. */
  recordIdentify(shardId: number): void {
    this.#budget.resetIfDue();
    this.#budget.charge();
    this.#budget.recordIdentify();
    this.#block(this.#keySlotOf(shardId));
    this.#schedule();
  }

  #enqueue(request: IdentifyRequest): Promise<ExpiringPermit> {
    const { shardId, signal } = request;
    return new Promise((resolve, reject) => {
      const waiter: Waiter = {
        request,
        keySlot: this.#keySlotOf(shardId),
        grant: (permit) => {
          stopListening();
          resolve(permit);
        },
        notified: false,
      };
      const stopListening = onAbort(signal, () => {
        this.#waiting = this.#waiting.filter((other) => other !== waiter);
        reject(abortedError('waiting for the identify gate', signal));
        this.#schedule();
      });
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

  /** Grants every permit that is due, and schedules the next look at the queue. */
  #grantPermits(): void {
    this.#budget.resetIfDue();
    const now = this.#clock.now();
    const granted = new Set<Waiter>();
    for (const waiter of this.#waiting) {
      if (this.#budget.isSpent) break;
      const { keySlot } = waiter;
      if (keySlot.inUse || keySlot.freeAt > now) continue;
      keySlot.inUse = true;
      this.#budget.charge();
      granted.add(waiter);
    }
    this.#waiting = this.#waiting.filter((waiter) => !granted.has(waiter));
    for (const { grant, keySlot } of granted) grant(this.#createPermit(keySlot));
    this.#schedule();
    this.#notifyBudgetSpent();
  }

  #createPermit(keySlot: KeySlot): ExpiringPermit {
    let state: 'unsent' | 'expired' | 'settled' = 'unsent';
    const settle = (next: 'expired' | 'settled', apply: () => void): void => {
      if (state !== 'unsent') return;
      state = next;
      // Before this permit settles: with an empty queue no timer has noticed the reset, and the new period pays for it.
      this.#budget.resetIfDue();
      keySlot.inUse = false;
      apply();
      this.#grantPermits();
    };
    return {
      sent: () => {
        if (state === 'expired') {
          state = 'settled';
          this.#block(keySlot);
          this.#schedule();
        }
        settle('settled', () => {
          this.#block(keySlot);
          this.#budget.recordIdentify();
        });
      },
      release: () => settle('settled', () => this.#budget.refund()),
      expire: () => settle('expired', () => this.#budget.recordIdentify()),
    };
  }

  /** The spacing to the next IDENTIFY of this key counts from now. */
  #block(keySlot: KeySlot): void {
    keySlot.freeAt = this.#clock.now() + this.#spacingMs;
  }

  /**
   * Notifies waiting requests that no session starts are left, once no unsent permit can still be released. A callback
   * may abort, call `acquire()` or throw.
   */
  #notifyBudgetSpent(): void {
    if (!this.#budget.isSpentUntilReset) return;
    const retryAfterMs = this.#budget.resetAt - this.#clock.now();
    for (const waiter of this.#waiting) {
      if (waiter.notified || waiter.request.signal.aborted) continue;
      waiter.notified = true;
      try {
        waiter.request.onBudgetSpent?.(retryAfterMs);
      } catch {
        // An error of one callback must not keep the other requests from their turn.
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

  /** Returns when the next permit is due; infinity while every request waits for an unsent permit. */
  #nextChangeAt(): number {
    if (this.#waiting.length > 0 && this.#budget.isSpent) return this.#budget.resetAt;
    let dueAt = Number.POSITIVE_INFINITY;
    for (const { keySlot } of this.#waiting) if (!keySlot.inUse) dueAt = Math.min(dueAt, keySlot.freeAt);
    return dueAt;
  }
}

const check = (isValid: boolean, message: string): void => assertOption(isValid, `MemoryIdentifyGate: ${message}`);
