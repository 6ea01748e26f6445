/**
 * The identify gate of the whole bot. Redis decides, on its clock: each process says which of its shards wait, and asks
 * again when a key may be free. Without Redis there is no permit.
 */
import { randomUUID } from 'node:crypto';
import type { SessionStartLimit } from '../../machines/index.ts';
import { setUnrefTimeout } from '../clock.ts';
import type { EngineIdentifyGate, EngineIdentifyRequest } from '../cluster/ports/engine.ts';
import type { Lease } from '../cluster/ports/ownership.ts';
import type { IdentifyBudget, IdentifyPermit } from '../identify/identify-gate.ts';
import { GatewayError, abortedError } from '../protocol/errors.ts';
import { onAbort } from '../protocol/on-abort.ts';
import type { RedisContext } from './redis-context.ts';
import { isForgotten, leaseArguments } from './redis-lease.ts';
import type { RedisReply } from './redis-reply.ts';
import { ACQUIRE_PERMITS, SETTLE_PERMIT, UPDATE_GATE } from './scripts/gate.lua.ts';
import { HELD } from './scripts/held.lua.ts';
import { waitUntil } from './wait-until.ts';

/** Discord's 5 s, and a margin: two IDENTIFYs travel over different connections. */
const SPACING_MS = 5_250;
/** How long Redis knows that a shard waits: a process that has ended must not hold up the others. */
const NOTE_MS = 4_500;
/** The note is written again in time. */
const MAX_LOOK_MS = 1_500;
const MIN_LOOK_MS = 5;
const RETRY_MS = 250;
/** A permit whose answer has taken longer is asked for again: the process did not run, and the key may be free by now. */
const MAX_GRANT_AGE_MS = SPACING_MS - 1_000;

interface Waiter {
  readonly request: EngineIdentifyRequest;
  readonly grant: (permit: IdentifyPermit) => void;
  readonly refuse: (error: GatewayError) => void;
  hasHeard: boolean;
}

interface KnownBudget {
  readonly total: number;
  readonly remaining: number;
  readonly resetAt: number;
}

export class RedisIdentifyGate implements EngineIdentifyGate {
  readonly spacingMs = SPACING_MS;
  readonly #context: RedisContext;
  readonly #process = randomUUID();
  /** By shard id. */
  #waiting: Waiter[] = [];
  /** Shards whose permit is neither sent nor released. */
  readonly #permits = new Set<number>();
  #budget: KnownBudget | null = null;
  #limit: { readonly keys: number; readonly reserve: number } | null = null;
  /** `max_concurrency`, as Redis has it. */
  #keys = 1;
  #isLooking = false;
  #mustLookAgain = false;
  #timer: unknown = null;

  constructor(context: RedisContext) {
    this.#context = context;
    const { messages, link } = context;
    messages.subscribe(this.#channel, () => this.#look());
    link.onReachableChange((isReachable) => {
      if (isReachable) this.#look();
    });
  }

  get waiting(): number {
    return this.#waiting.length;
  }

  get budget(): IdentifyBudget | null {
    if (this.#budget === null) return null;
    const { total, remaining, resetAt } = this.#budget;
    return { total, remaining, resetAfterMs: Math.max(0, resetAt - this.#context.link.clock.now()) };
  }

  async update(limit: SessionStartLimit, reserve: number): Promise<void> {
    const { maxConcurrency, total, remaining, resetAfterMs } = limit;
    this.#limit = { keys: maxConcurrency, reserve };
    this.#budget ??= { total, remaining, resetAt: this.#context.link.clock.now() + resetAfterMs };
    await this.#update(maxConcurrency, { total, remaining, resetAfterMs }, reserve);
    this.#look();
  }

  acquire(request: EngineIdentifyRequest): Promise<IdentifyPermit> {
    const { signal, shardId } = request;
    if (signal.aborted) return Promise.reject(abortedError('waiting for the identify gate', signal));
    return new Promise((resolve, reject) => {
      const waiter: Waiter = {
        request,
        hasHeard: false,
        grant: (permit) => {
          stopListening();
          resolve(permit);
        },
        refuse: (error) => {
          stopListening();
          reject(error);
        },
      };
      const stopListening = onAbort(signal, () => {
        this.#waiting = this.#waiting.filter((other) => other !== waiter);
        reject(abortedError('waiting for the identify gate', signal));
        this.#look(true);
      });
      const after = this.#waiting.findLastIndex((other) => other.request.shardId <= shardId);
      this.#waiting = this.#waiting.toSpliced(after + 1, 0, waiter);
      this.#look();
    });
  }

  /** Without a shard that waits, Redis only has to hear of it once. */
  #look(hasLeft = false): void {
    if (this.#waiting.length === 0 && !hasLeft) return;
    if (this.#isLooking) {
      this.#mustLookAgain = true;
      return;
    }
    this.#isLooking = true;
    void this.#lookUntilSettled();
  }

  async #lookUntilSettled(): Promise<void> {
    const { link } = this.#context;
    link.clock.clearTimeout(this.#timer);
    let lookMs = MAX_LOOK_MS;
    do {
      this.#mustLookAgain = false;
      try {
        lookMs = await this.#ask();
      } catch {
        // The link says what is wrong. Without Redis there is no permit.
        lookMs = RETRY_MS;
      }
    } while (this.#mustLookAgain && !link.signal.aborted);
    this.#isLooking = false;
    if (this.#waiting.length === 0 || link.signal.aborted) return;
    this.#timer = setUnrefTimeout(link.clock, () => this.#look(), Math.min(Math.max(lookMs, MIN_LOOK_MS), MAX_LOOK_MS));
  }

  /** Resolves with the time to the next look, in ms. */
  async #ask(): Promise<number> {
    const { link, keyspace } = this.#context;
    const { control } = keyspace;
    const shards = this.#lowest();
    const askedAt = link.clock.now();
    const reply = await link.run(
      ACQUIRE_PERMITS,
      [control.of('gate'), control.of('gate-waiting')],
      [this.#process, NOTE_MS, SPACING_MS, ...shards],
    );
    if (reply.state === 'unset') return this.#tellAgain();
    const now = this.#readBudget(reply);
    if (reply.number(6) !== this.#keys) this.#mustLookAgain = true;
    this.#keys = reply.number(6);
    const granted = reply.list(7).texts().map(Number);
    await Promise.all(granted.map((shardId) => this.#grant(shardId, askedAt)));
    if (reply.number(4) === 1) this.#tellSpent(now);
    return reply.number(5);
  }

  /** The lowest shard of each key that waits and has no permit yet: no other can be next. */
  #lowest(): number[] {
    const lowest = new Map<number, number>();
    for (const { request } of this.#waiting) {
      const { shardId } = request;
      const key = shardId % this.#keys;
      if (!this.#permits.has(shardId) && !lowest.has(key)) lowest.set(key, shardId);
    }
    return [...lowest.values()].toSorted((a, b) => a - b);
  }

  /** Redis has forgotten the budget. Before the first answer of Discord nothing is known. */
  async #tellAgain(): Promise<number> {
    const { budget } = this;
    if (this.#limit === null || budget === null) return MAX_LOOK_MS;
    await this.#update(this.#limit.keys, budget, this.#limit.reserve);
    this.#mustLookAgain = true;
    return MIN_LOOK_MS;
  }

  async #update(keys: number, { total, remaining, resetAfterMs }: IdentifyBudget, reserve: number): Promise<void> {
    const { link, keyspace } = this.#context;
    const { control } = keyspace;
    const reply = await link.run(
      UPDATE_GATE,
      [control.of('gate'), control.birth],
      [keys, total, remaining, Math.round(resetAfterMs), reserve, SPACING_MS, this.#channel],
    );
    this.#readBudget(reply);
  }

  #readBudget(reply: RedisReply): number {
    const now = this.#context.link.clock.now();
    this.#budget = { total: reply.number(1), remaining: reply.number(2), resetAt: now + reply.number(3) };
    return now;
  }

  /** Without an answer, or with a late one, Redis gives the permit to this process again when it is asked again. */
  async #grant(shardId: number, askedAt: number): Promise<void> {
    const { clock } = this.#context.link;
    const waiter = this.#waiting.find(({ request }) => request.shardId === shardId);
    this.#permits.add(shardId);
    try {
      const isHeld = await this.#isHeld(waiter?.request.lease);
      const isLate = clock.now() - askedAt > MAX_GRANT_AGE_MS;
      // It was aborted while Redis decided.
      if (waiter === undefined || !this.#waiting.includes(waiter)) return this.#createPermit(shardId).release();
      if (!isHeld || isLate) {
        this.#permits.delete(shardId);
        this.#mustLookAgain ||= isLate;
        return;
      }
      this.#waiting = this.#waiting.filter((other) => other !== waiter);
      waiter.grant(this.#createPermit(shardId));
      this.#mustLookAgain ||= this.#waiting.length > 0;
    } catch (error) {
      if (!(error instanceof GatewayError) || error.code !== 'FENCED') {
        this.#permits.delete(shardId);
        throw error;
      }
      this.#waiting = this.#waiting.filter((other) => other !== waiter);
      this.#createPermit(shardId).release();
      waiter?.refuse(error);
    }
  }

  /** Resolves with `false` if Redis has forgotten the lease: its owner restores it. Rejects with `FENCED` if it is lost. */
  async #isHeld(lease: Lease | undefined): Promise<boolean> {
    if (lease === undefined) return true;
    const { link, keyspace } = this.#context;
    const key = keyspace.of(lease.shardId).leases(lease.scope);
    return !isForgotten(await link.run(HELD, [key], leaseArguments(lease)), lease);
  }

  #createPermit(shardId: number): IdentifyPermit {
    let isSettled = false;
    const settle = (how: 'sent' | 'release'): void => {
      if (isSettled) return;
      isSettled = true;
      void this.#settle(shardId, how);
    };
    return { sent: () => settle('sent'), release: () => settle('release') };
  }

  /** Repeated through an outage: the spacing counts from the IDENTIFY. After it, the key is free anyway. */
  async #settle(shardId: number, how: 'sent' | 'release'): Promise<void> {
    const { link, keyspace } = this.#context;
    const { clock } = link;
    const settledAt = clock.now();
    while (!link.signal.aborted) {
      const sinceMs = Math.round(clock.now() - settledAt);
      try {
        const args = [this.#process, shardId, how, SPACING_MS, sinceMs, this.#channel];
        this.#readBudget(await link.run(SETTLE_PERMIT, [keyspace.control.of('gate')], args));
        break;
      } catch {
        if (sinceMs > SPACING_MS) break;
        await waitUntil(clock, RETRY_MS, link.signal);
      }
    }
    this.#permits.delete(shardId);
    this.#look();
  }

  /** A callback may abort, call `acquire()` or throw. */
  #tellSpent(now: number): void {
    const retryAfterMs = Math.max(0, (this.#budget?.resetAt ?? now) - now);
    for (const waiter of this.#waiting) {
      if (waiter.hasHeard || waiter.request.signal.aborted) continue;
      waiter.hasHeard = true;
      try {
        waiter.request.onBudgetSpent?.(retryAfterMs);
      } catch {
        // An error of one callback must not keep the other requests from their turn.
      }
    }
  }

  get #channel(): string {
    return this.#context.keyspace.control.of('gate-changes');
  }
}
