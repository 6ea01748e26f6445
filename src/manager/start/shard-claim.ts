/**
 * The claim of one shard's session, for a user who connects that shard alone. A manager claims the sessions of its
 * shards when it starts, and gives them up when it stops: before, and after, a shard has to claim its own.
 */
import { GatewayError, abortedError } from '../../protocol/errors.ts';
import { onAbort } from '../../protocol/on-abort.ts';
import type { SessionClaims } from './session-claims.ts';

export interface ShardClaimOptions {
  readonly shardId: number;
  readonly claims: SessionClaims;
  /** Whether the shard writes to the store. The shards of a reshard do not, and claim nothing. */
  readonly isWriting: () => boolean;
}

export class ShardClaim {
  readonly #options: ShardClaimOptions;
  /** Ends the wait of each call of {@link connect}. */
  readonly #waiting = new Set<() => void>();

  constructor(options: ShardClaimOptions) {
    this.#options = options;
  }

  /**
   * Calls `connect` when the session is claimed: at once if it is already. Rejects with `SESSION_IN_USE` if another
   * process has it and does not stop in `claimTimeoutMs`.
   */
  connect(signal: AbortSignal | undefined, connect: () => Promise<void>): Promise<void> {
    const { shardId, claims, isWriting } = this.#options;
    return !isWriting() || claims.isHeld(shardId) ? connect() : this.#claim(signal).then(connect);
  }

  /** Claims the session also while another process has it: the user has said which one counts. */
  takeOver(): void {
    const { shardId, claims, isWriting } = this.#options;
    if (isWriting()) claims.takeOver(shardId);
  }

  /** The user has stopped the shard. */
  stop(): void {
    for (const stop of this.#waiting) stop();
    this.#waiting.clear();
  }

  async #claim(signal: AbortSignal | undefined): Promise<void> {
    const { shardId, claims } = this.#options;
    const { promise: stopped, resolve: stop } = Promise.withResolvers<void>();
    const stopListening = onAbort(signal, stop);
    this.#waiting.add(stop);
    const inUse = await claims.claim([shardId], stopped);
    stopListening();
    if (signal?.aborted === true) throw abortedError('connect()', signal);
    if (!this.#waiting.delete(stop)) throw new GatewayError('STOPPED', 'the shard was stopped');
    if (inUse !== null) throw inUse;
  }
}
