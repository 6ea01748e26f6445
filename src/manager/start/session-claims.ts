/**
 * Claims the sessions of all shards before any of them starts. While another process has one, all wait: two processes
 * that run the same shards close each other's connections.
 */
import { CLAIM_RETRY_MS } from '../../../machines/index.ts';
import type { ShardTiming } from '../../../machines/index.ts';
import type { Clock } from '../../clock.ts';
import type { GatewayError } from '../../protocol/errors.ts';
import { waitAtMost } from '../../protocol/wait-at-most.ts';
import type { ClaimedSessionStore } from '../../session/claimed-session-store.ts';
import { isSessionInUse } from '../../session/shard-leases.ts';

export interface SessionClaimsOptions {
  readonly clock: Clock;
  readonly store: ClaimedSessionStore;
  readonly timing: ShardTiming;
  /** Called when a shard is claimed that another owner has had since it was last held. */
  readonly onOutdated: (shardId: number) => void;
}

export class SessionClaims {
  readonly #options: SessionClaimsOptions;
  #stopped = Promise.withResolvers<void>();

  constructor(options: SessionClaimsOptions) {
    this.#options = options;
  }

  /** Ends the wait of `claim()`. */
  stop(): void {
    this.#stopped.resolve();
    this.#stopped = Promise.withResolvers();
  }

  /** Whether nothing has to be claimed before the shard connects. */
  isHeld(shardId: number): boolean {
    return this.#options.store.isHeld(shardId);
  }

  /** Claims a shard that the user connects, also while another process has it: the user has said which one counts. */
  takeOver(shardId: number): void {
    // A store that fails says so again when it is read or written.
    void this.#options.store.hold(shardId, { takeOver: true }).catch(() => undefined);
  }

  /**
   * Resolves with `null` when the shards are claimed, or when the store fails or does not answer: the shards then start
   * as with a store that has no owners. Resolves with the error if another process does not stop in `claimTimeoutMs`.
   * Resolves with `null` too after `stop()`, or when `given` resolves.
   */
  async claim(shardIds: readonly number[], given?: Promise<void>): Promise<GatewayError | null> {
    const { clock, store, timing } = this.#options;
    if (!store.hasOwners) return null;
    let hasStopped = false;
    const ends = given === undefined ? this.#stopped.promise : Promise.race([this.#stopped.promise, given]);
    const stopped = ends.then(() => void (hasStopped = true));
    const since = clock.now();
    // A shard that another process has stays in it until it is claimed: a store that is silent does not say it is free.
    const owned = new Map<number, GatewayError>();
    const hold = async (shardId: number): Promise<void> => {
      try {
        if (await store.hold(shardId)) this.#options.onOutdated(shardId);
        owned.delete(shardId);
      } catch (error) {
        if (isSessionInUse(error)) owned.set(shardId, error);
      }
    };
    for (;;) {
      await waitAtMost(clock, timing.connectTimeoutMs, Promise.race([Promise.all(shardIds.map(hold)), stopped]));
      if (hasStopped) return null;
      const [error] = owned.values();
      if (error === undefined) return null;
      if (clock.now() - since >= timing.claimTimeoutMs) return error;
      await waitAtMost(clock, CLAIM_RETRY_MS, stopped);
    }
  }
}
