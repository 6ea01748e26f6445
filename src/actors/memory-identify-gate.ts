/**
 * The identify gate of one process: one IDENTIFY per 5 s and key, counted from the frame, and a daily budget.
 * @see https://discord.com/developers/docs/events/gateway#identifying
 */
import { systemClock } from '../clock.ts';
import type { Clock } from '../clock.ts';
import { GatewayError, abortedError } from '../protocol/errors.ts';
import type { IdentifyGate, IdentifyPermit, IdentifyRequest } from './identify-gate.ts';

export interface MemoryIdentifyGateOptions {
  /** Keys that may identify side by side (`session_start_limit.max_concurrency`). Default 1. */
  maxConcurrency?: number;
  /** Session starts of a whole period (`session_start_limit.total`). Default 1000. */
  total?: number;
  /** Session starts left now (`session_start_limit.remaining`). Default `total`. */
  remaining?: number;
  /** Until `remaining` is `total` again, ms (`session_start_limit.reset_after`). Default 24 h. */
  resetAfterMs?: number;
  /** Session starts that are kept back, so that a restart by hand stays possible. Default 0. */
  reserve?: number;
  /** Between two IDENTIFYs of one key, ms. Default 5 000. */
  spacingMs?: number;
  /** Added to the spacing, because a frame may be faster on the way than the one before it. Default 100 ms. */
  marginMs?: number;
  /** Default real time. */
  clock?: Clock;
}

const PERIOD_MS = 86_400_000;
/** Node's timers go no further. */
const MAX_TIMER_MS = 2 ** 31 - 1;

interface Waiter {
  readonly request: IdentifyRequest;
  readonly grant: () => void;
  told: boolean;
}

/** What happens at one rate-limit key. */
interface Key {
  waiters: Waiter[];
  /** A permit is out and its frame not yet sent. */
  busy: boolean;
  /** When the next permit may be given. */
  freeAt: number;
}

export class MemoryIdentifyGate implements IdentifyGate {
  readonly #clock: Clock;
  readonly #maxConcurrency: number;
  readonly #total: number;
  readonly #reserve: number;
  readonly #spacingMs: number;
  readonly #keys = new Map<number, Key>();
  #remaining: number;
  #resetAt: number;
  #timer: unknown;

  /** @throws {@link GatewayError} `INVALID_OPTIONS` */
  constructor(options: MemoryIdentifyGateOptions = {}) {
    const { maxConcurrency = 1, total = 1000, remaining = total, resetAfterMs = PERIOD_MS } = options;
    const { reserve = 0, spacingMs = 5_000, marginMs = 100, clock = systemClock } = options;
    check('maxConcurrency', maxConcurrency, 1);
    check('total', total, 1);
    check('remaining', remaining, 0);
    check('reserve', reserve, 0);
    check('resetAfterMs', resetAfterMs, 0);
    check('spacingMs', spacingMs, 0);
    check('marginMs', marginMs, 0);
    if (reserve >= total) throw new GatewayError('INVALID_OPTIONS', 'reserve must be below total, or no shard could ever identify');
    this.#clock = clock;
    this.#maxConcurrency = maxConcurrency;
    this.#total = total;
    this.#reserve = reserve;
    this.#spacingMs = spacingMs + marginMs;
    this.#remaining = remaining;
    this.#resetAt = clock.now() + resetAfterMs;
  }

  /** Session starts left in this period. */
  get remaining(): number {
    return this.#remaining;
  }

  async acquire(request: IdentifyRequest): Promise<IdentifyPermit> {
    const { signal } = request;
    if (signal.aborted) throw abortedError('waiting for the identify permit', signal);
    const permit = await this.#wait(request);
    if (!signal.aborted) return permit;
    // Given up in the very turn of the grant: nobody will see this permit.
    permit.release();
    throw abortedError('waiting for the identify permit', signal);
  }

  #wait(request: IdentifyRequest): Promise<IdentifyPermit> {
    const { signal, shardId } = request;
    const key = this.#keyOf(shardId);
    return new Promise((resolve, reject) => {
      const abort = (): void => {
        key.waiters = key.waiters.filter((other) => other !== waiter);
        reject(abortedError('waiting for the identify permit', signal));
        this.#serve();
      };
      const waiter: Waiter = {
        request,
        told: false,
        grant: () => {
          signal.removeEventListener('abort', abort);
          resolve(this.#permit(key));
        },
      };
      signal.addEventListener('abort', abort, { once: true });
      // Lowest shard first; of equals, who came first.
      const behind = key.waiters.findIndex((other) => other.request.shardId > shardId);
      key.waiters.splice(behind === -1 ? key.waiters.length : behind, 0, waiter);
      this.#serve();
    });
  }

  #keyOf(shardId: number): Key {
    const id = shardId % this.#maxConcurrency;
    let key = this.#keys.get(id);
    if (key === undefined) {
      key = { waiters: [], busy: false, freeAt: 0 };
      this.#keys.set(id, key);
    }
    return key;
  }

  #permit(key: Key): IdentifyPermit {
    key.busy = true;
    this.#remaining -= 1;
    const periodEndsAt = this.#resetAt;
    const settle = (sent: boolean): void => {
      if (settled) return;
      settled = true;
      key.busy = false;
      if (sent) key.freeAt = this.#clock.now() + this.#spacingMs;
      // What was charged to a period that is over does not come back into this one.
      else if (this.#resetAt === periodEndsAt) this.#remaining += 1;
      this.#serve();
    };
    let settled = false;
    return { sent: () => settle(true), release: () => settle(false) };
  }

  /** Gives what can be given now, and sets the one timer for what can't. */
  #serve(): void {
    this.#clock.clearTimeout(this.#timer);
    this.#timer = undefined;
    const now = this.#clock.now();
    if (now >= this.#resetAt) {
      this.#remaining = this.#total;
      this.#resetAt = now + PERIOD_MS;
    }
    let nextAt = Number.POSITIVE_INFINITY;
    for (const key of this.#keys.values()) nextAt = Math.min(nextAt, this.#serveKey(key, now));
    if (nextAt === Number.POSITIVE_INFINITY) return;
    this.#timer = this.#clock.setTimeout(() => this.#serve(), Math.min(nextAt - now, MAX_TIMER_MS));
  }

  /** Gives back when this key has to be looked at again. */
  #serveKey(key: Key, now: number): number {
    const waiter = key.waiters[0];
    if (waiter === undefined || key.busy) return Number.POSITIVE_INFINITY;
    if (this.#remaining <= this.#reserve) {
      this.#tellBudgetSpent(key.waiters, this.#resetAt - now);
      return this.#resetAt;
    }
    if (key.freeAt > now) return key.freeAt;
    key.waiters.shift();
    waiter.grant();
    return Number.POSITIVE_INFINITY;
  }

  #tellBudgetSpent(waiters: readonly Waiter[], retryAfterMs: number): void {
    for (const waiter of waiters.filter(({ told }) => !told)) {
      waiter.told = true;
      try {
        waiter.request.onBudgetSpent?.(retryAfterMs);
      } catch {
        // Whoever asked must not be able to stop the queue of the others.
      }
    }
  }
}

function check(name: string, value: number, least: number): void {
  if (Number.isFinite(value) && value >= least && (name.endsWith('Ms') || Number.isInteger(value))) return;
  throw new GatewayError('INVALID_OPTIONS', `${name} must be ${name.endsWith('Ms') ? 'a number' : 'an integer'} from ${least} on`);
}
