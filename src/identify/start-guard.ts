/**
 * Slows down session starts that follow each other fast. A bot that crashes right after each start, under a supervisor
 * that starts it again, would use up the 1,000 session starts of a day within hours, and Discord would reset its token.
 * So the store keeps the times of the last starts of each shard, also beyond the process. A RESUME is no start.
 * @see https://discord.com/developers/docs/events/gateway#session-start-limit-object
 */
import type { Clock } from '../clock.ts';
import { GatewayError, abortedError } from '../protocol/errors.ts';
import { onAbort } from '../protocol/on-abort.ts';
import type { IdentifyPermit, IdentifyRequest } from './identify-gate.ts';

/** When the next session start of a shard has to wait. The option `startGuard` changes it. */
export interface StartGuardPolicy {
  /**
   * How many sessions a shard may start within `windowMs` without a wait.
   * @defaultValue `4`
   */
  readonly freeStarts: number;
  /**
   * How long a session start counts, in ms.
   * @defaultValue `3_600_000` (an hour)
   */
  readonly windowMs: number;
  /**
   * The wait after the first start that is not free, counted from the start before it, in ms. It doubles with each
   * further start.
   * @defaultValue `15_000`
   */
  readonly minWaitMs: number;
  /**
   * The max of this wait, in ms.
   * @defaultValue `300_000` (5 min, so that a day has less than 300 starts of a shard)
   */
  readonly maxWaitMs: number;
}

export const DEFAULT_START_GUARD: StartGuardPolicy = {
  freeStarts: 4,
  windowMs: 3_600_000,
  minWaitMs: 15_000,
  maxWaitMs: 300_000,
};

/** Where the times of the last starts are kept. */
export interface StartStore {
  readonly hasStarts: boolean;
  loadStarts(shardId: number): Promise<readonly number[]>;
  saveStarts(shardId: number, times: readonly number[]): Promise<void>;
}

interface StartGuardOptions {
  readonly clock: Clock;
  readonly store: StartStore;
  /** `null`: no start waits. */
  readonly policy: StartGuardPolicy | null;
  readonly report: (error: GatewayError, shardId: number) => void;
}

/** More are not kept: the wait does not grow beyond its max. */
const MAX_KEPT_STARTS = 64;

/** Returns when the next session may start; the past if it may start now. `times` are within the window. */
export function nextStartAt(times: readonly number[], { freeStarts, minWaitMs, maxWaitMs }: StartGuardPolicy): number {
  const excess = times.length - freeStarts;
  if (excess < 0) return Number.NEGATIVE_INFINITY;
  return Math.max(...times) + Math.min(maxWaitMs, minWaitMs * 2 ** excess);
}

export class StartGuard {
  readonly #options: StartGuardOptions;
  /** Until when the wait of each shard lasts that was reported last. Created with the first. */
  #reported: Map<number, number> | null = null;
  /** The shards whose starts could not be read or kept when this was tried last. Created with the first. */
  #failing: Set<number> | null = null;

  constructor(options: StartGuardOptions) {
    this.#options = options;
  }

  /** Waits if sessions of this shard started too fast, then acquires the permit, and keeps the time of the start. */
  async pass(
    { shardId, signal }: Pick<IdentifyRequest, 'shardId' | 'signal'>,
    acquire: () => Promise<IdentifyPermit>,
  ): Promise<IdentifyPermit> {
    const { clock, store, policy } = this.#options;
    if (policy === null || !store.hasStarts) return acquire();
    const times = await this.#recent(shardId, policy);
    const waitMs = nextStartAt(times, policy) - clock.now();
    if (waitMs > 0) {
      this.#reportWait(shardId, { waitMs, count: times.length, policy });
      await this.#wait(waitMs, signal);
    }
    const permit = await acquire();
    // Before the IDENTIFY, because the process may end right after it.
    await this.#attempt(shardId, () => store.saveStarts(shardId, [...times, clock.now()].slice(-MAX_KEPT_STARTS)));
    return permit;
  }

  /** A time in the future is of a clock that was wrong. It must not hold up the bot. */
  async #recent(shardId: number, { windowMs }: StartGuardPolicy): Promise<readonly number[]> {
    const { clock, store } = this.#options;
    const times = (await this.#attempt(shardId, () => store.loadStarts(shardId))) ?? [];
    const now = clock.now();
    return times.filter((time) => time <= now && time > now - windowMs).slice(-MAX_KEPT_STARTS);
  }

  /** A store that fails is a fault, reported once until it works. It must not keep the shard from its session. */
  async #attempt<T>(shardId: number, call: () => Promise<T>): Promise<T | undefined> {
    try {
      const result = await call();
      this.#failing?.delete(shardId);
      return result;
    } catch (cause) {
      const failing = (this.#failing ??= new Set());
      if (failing.has(shardId)) return undefined;
      failing.add(shardId);
      const message = `the session starts of shard ${shardId} could not be read or kept`;
      this.#options.report(new GatewayError('SESSION_STORE_FAILED', message, { cause }), shardId);
      return undefined;
    }
  }

  #reportWait(
    shardId: number,
    { waitMs, count, policy }: { waitMs: number; count: number; policy: StartGuardPolicy },
  ): void {
    const until = Math.round(this.#options.clock.now() + waitMs);
    // The gateway may close the connection during the wait, which then goes on with the next one.
    const reported = (this.#reported ??= new Map());
    if (reported.get(shardId) === until) return;
    reported.set(shardId, until);
    const within = `${count} sessions within ${Math.ceil(policy.windowMs / 60_000)} min`;
    const message = `shard ${shardId} started ${within}; the next one starts in ${Math.ceil(waitMs / 1000)} s`;
    this.#options.report(new GatewayError('STARTS_TOO_FAST', message), shardId);
  }

  async #wait(waitMs: number, signal: AbortSignal): Promise<void> {
    const { clock } = this.#options;
    const over = Promise.withResolvers<void>();
    const timer = clock.setTimeout(over.resolve, waitMs);
    const stopListening = onAbort(signal, () => over.reject(abortedError('the wait for a session start', signal)));
    try {
      await over.promise;
    } finally {
      stopListening();
      clock.clearTimeout(timer);
    }
  }
}
