/**
 * What a node does with a lost connection while the engine does not answer and its leases have ended. The engine may be
 * down, or only this node may be cut off: then another node has the shard. So the shard may resume once. If it loses that
 * connection soon, another node has resumed the session, and this one yields.
 */
import type { Clock } from '../../clock.ts';
import type { HeldShard } from './held-shard.ts';

interface CutOffOptions {
  readonly clock: Clock;
  /** A connection that lasts so long was not taken away, in ms. */
  readonly stableAfterMs: number;
  /** Whether the leases have ended without an answer of the engine. */
  readonly isExpired: () => boolean;
  readonly yieldShard: (held: HeldShard) => void;
}

export class CutOff {
  readonly #options: CutOffOptions;
  /** When each shard has lost its connection last, without a valid lease. */
  readonly #lostAt = new WeakMap<HeldShard, number>();

  constructor(options: CutOffOptions) {
    this.#options = options;
  }

  onConnectionLost(held: HeldShard): void {
    const { clock, stableAfterMs, isExpired, yieldShard } = this.#options;
    if (!isExpired()) return;
    const before = this.#lostAt.get(held);
    const now = clock.now();
    this.#lostAt.set(held, now);
    if (before !== undefined && now - before < stableAfterMs) yieldShard(held);
  }
}
