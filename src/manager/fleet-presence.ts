/**
 * The presence with which new shards of a manager identify: the last that was sent to all shards and that Discord has
 * not refused. Each shard that sent a refused presence reports it once.
 */
import type { GatewayPresenceUpdateData } from 'discord-api-types/v10';

export class FleetPresence {
  #latest: GatewayPresenceUpdateData | undefined;
  /** The one before it, which Discord has not refused. */
  #previous: GatewayPresenceUpdateData | undefined;
  /** The shards for which the latest was refused. */
  readonly #refusedBy = new Set<number>();

  constructor(initial: GatewayPresenceUpdateData | undefined) {
    this.#latest = initial;
  }

  get value(): GatewayPresenceUpdateData | undefined {
    return this.#latest;
  }

  set(presence: GatewayPresenceUpdateData): void {
    this.#previous = this.#latest;
    this.#latest = presence;
    this.#refusedBy.clear();
  }

  /** Called when Discord refused the presence of a shard. A second time it is the one that the shard went back to. */
  refuse(shardId: number): void {
    const isFirst = this.#refusedBy.size === 0 || this.#refusedBy.has(shardId);
    this.#refusedBy.add(shardId);
    if (!isFirst) return;
    this.#latest = this.#previous;
    this.#previous = undefined;
  }
}
