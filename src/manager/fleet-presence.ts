/**
 * The presence with which new shards of a manager identify: the last that was sent to all shards and that Discord has
 * not refused. Each shard that sent a refused presence reports it once. While the manager reshards, two sets of shards
 * report, with the same ids.
 */
import type { GatewayPresenceUpdateData } from 'discord-api-types/v10';
import type { ShardHandle } from './shard-handle.ts';

export class FleetPresence {
  #latest: GatewayPresenceUpdateData | undefined;
  /** The one before it, which Discord has not refused. */
  #previous: GatewayPresenceUpdateData | undefined;
  /** The shards for which the latest was refused, of all sets. */
  readonly #refusedBy = new Set<ShardHandle>();

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
  refuse(shard: ShardHandle): void {
    const isFirst = this.#refusedBy.size === 0 || this.#refusedBy.has(shard);
    this.#refusedBy.add(shard);
    if (!isFirst) return;
    this.#latest = this.#previous;
    this.#previous = undefined;
  }
}
