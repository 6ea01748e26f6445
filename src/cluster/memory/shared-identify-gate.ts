/**
 * The identify gate of the memory engine: one queue, one spacing and one budget for all nodes. A node may end with a
 * permit, or come with an older answer of `GET /gateway/bot`.
 */
import type { SessionStartLimit } from '../../../machines/index.ts';
import { setUnrefTimeout } from '../../clock.ts';
import type { Clock } from '../../clock.ts';
import type { IdentifyBudget, IdentifyRequest } from '../../identify/identify-gate.ts';
import { DEFAULT_MARGIN_MS, DEFAULT_SPACING_MS, MemoryIdentifyGate } from '../../identify/memory-identify-gate.ts';
import type { ExpiringPermit } from '../../identify/memory-identify-gate.ts';

/** If a budget resets later than the one that is known by more than this, it is that of a new period. */
const NEW_PERIOD_MS = 7_200_000;
/** The part of the spacing that is left at least when a permit may be used. */
const MARGIN = 0.2;

/** The right to send one IDENTIFY, as the holder names it to the engine. */
export interface IdentifyTicket {
  readonly shardId: number;
}

interface HeldPermit {
  readonly permit: ExpiringPermit;
  /** When it counts as used. */
  readonly timer: unknown;
}

export class SharedIdentifyGate {
  /** How much of the spacing is left at least when a permit may be used, in ms. */
  readonly marginMs: number;
  readonly #clock: Clock;
  readonly #gate: MemoryIdentifyGate;
  readonly #permits = new WeakMap<IdentifyTicket, HeldPermit>();
  /** Those that were neither sent nor released, and have not expired. */
  readonly #unsent = new Set<IdentifyTicket>();
  /** Resolved by the first `update()`. Before it the budget is not known. */
  readonly #informed = Promise.withResolvers<void>();
  #limit: SessionStartLimit | null = null;

  constructor(clock: Clock, bornAt: number, spacingMs = DEFAULT_SPACING_MS) {
    this.#clock = clock;
    this.marginMs = spacingMs * MARGIN;
    // The engine may have forgotten an IDENTIFY that was sent just before.
    this.#gate = new MemoryIdentifyGate({ clock, spacingMs }, bornAt + spacingMs + DEFAULT_MARGIN_MS);
  }

  get waiting(): number {
    return this.#gate.waiting;
  }

  /** `null` before the first `update()`. */
  get budget(): IdentifyBudget | null {
    return this.#limit === null ? null : this.#gate.budget;
  }

  get spacingMs(): number {
    return this.#gate.spacingMs;
  }

  update(limit: SessionStartLimit, reserve: number): void {
    const merged = this.#limit === null ? limit : this.#merge(limit);
    this.#limit = limit;
    const { total } = merged;
    this.#gate.update({ ...merged, remaining: Math.min(merged.remaining, total) }, Math.min(reserve, total - 1));
    this.#informed.resolve();
  }

  async acquire(request: IdentifyRequest): Promise<IdentifyTicket> {
    await this.#informed.promise;
    const permit = await this.#gate.acquire(request);
    const ticket = { shardId: request.shardId };
    this.#hold(ticket, permit);
    this.#unsent.add(ticket);
    return ticket;
  }

  /** Returns whether a permit is still held. It is then for one spacing more. */
  confirm(ticket: IdentifyTicket): boolean {
    const held = this.#permits.get(ticket);
    if (held === undefined || !this.#unsent.has(ticket)) return false;
    this.#clock.clearTimeout(held.timer);
    this.#hold(ticket, held.permit);
    return true;
  }

  /** The IDENTIFY of a permit was sent, perhaps of one that was granted before the engine was empty. */
  sent(ticket: IdentifyTicket): void {
    const permit = this.#take(ticket);
    if (permit === undefined) this.#gate.recordIdentify(ticket.shardId);
    else permit.sent();
  }

  release(ticket: IdentifyTicket): void {
    this.#take(ticket)?.release();
  }

  #hold(ticket: IdentifyTicket, permit: ExpiringPermit): void {
    const timer = setUnrefTimeout(this.#clock, () => this.#expire(ticket), this.spacingMs);
    this.#permits.set(ticket, { permit, timer });
  }

  #take(ticket: IdentifyTicket): ExpiringPermit | undefined {
    const held = this.#permits.get(ticket);
    this.#clock.clearTimeout(held?.timer);
    this.#unsent.delete(ticket);
    return held?.permit;
  }

  #expire(ticket: IdentifyTicket): void {
    this.#unsent.delete(ticket);
    this.#permits.get(ticket)?.permit.expire();
  }

  /** An answer may be older than the IDENTIFYs of other nodes. So within a period the budget only shrinks. */
  #merge(limit: SessionStartLimit): SessionStartLimit {
    const known = this.#gate.budget;
    if (limit.resetAfterMs > known.resetAfterMs + NEW_PERIOD_MS) return limit;
    return {
      ...limit,
      remaining: Math.min(limit.remaining, known.remaining + this.#unsent.size),
      resetAfterMs: Math.max(limit.resetAfterMs, known.resetAfterMs),
    };
  }
}
