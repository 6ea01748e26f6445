/**
 * Notices that the process did not run for so long that its leases have ended: it was stopped, or the machine slept, or
 * code blocked it. Other nodes may have its shards by then. An engine that does not answer is something else: there the
 * process runs, and its ticks come in time.
 */
import { setUnrefTimeout } from '../../clock.ts';
import type { Clock } from '../../clock.ts';

interface FreezeWatchOptions {
  readonly clock: Clock;
  readonly leaseTtlMs: number;
  onWoke(): void;
}

/** So many ticks fit in the time of a lease. */
const TICKS = 12;
const MAX_TICK_MS = 1_000;

export class FreezeWatch {
  readonly #options: FreezeWatchOptions;
  readonly #tickMs: number;
  #lastTickAt = 0;
  #validUntil = Number.POSITIVE_INFINITY;
  #timer: unknown = null;

  constructor(options: FreezeWatchOptions) {
    this.#options = options;
    this.#tickMs = Math.min(MAX_TICK_MS, options.leaseTtlMs / TICKS);
  }

  start(): void {
    this.#lastTickAt = this.#options.clock.now();
    this.#schedule();
  }

  stop(): void {
    this.#options.clock.clearTimeout(this.#timer);
    this.#timer = null;
    this.#validUntil = Number.POSITIVE_INFINITY;
  }

  /** The engine has renewed the leases. The time counts from before it was asked. */
  onRenewed(askedAt: number): void {
    this.#validUntil = askedAt + this.#options.leaseTtlMs;
  }

  /** Whether the leases have ended without an answer of the engine. */
  get isExpired(): boolean {
    return this.#options.clock.now() > this.#validUntil;
  }

  /** To be called before anything that only the owner of a shard may do. */
  check(): void {
    const now = this.#options.clock.now();
    const gapMs = now - this.#lastTickAt;
    if (gapMs < 2 * this.#tickMs || this.#timer === null) return;
    const before = this.#lastTickAt;
    this.#lastTickAt = now;
    const { leaseTtlMs } = this.#options;
    if (now > this.#validUntil && (before <= this.#validUntil || gapMs > leaseTtlMs)) this.#options.onWoke();
  }

  #schedule(): void {
    const { clock } = this.#options;
    this.#timer = setUnrefTimeout(
      clock,
      () => {
        this.check();
        if (this.#timer === null) return;
        this.#lastTickAt = clock.now();
        this.#schedule();
      },
      this.#tickMs,
    );
  }
}
