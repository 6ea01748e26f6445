/**
 * The presence with which new shards of a manager identify: the last that was sent to all shards and that Discord has
 * not refused.
 */
import type { GatewayPresenceUpdateData } from 'discord-api-types/v10';
import { util } from '../node-modules.ts';
import { GatewayError } from '../protocol/errors.ts';
import { refusedPresenceOf } from '../shard/refused-payload.ts';
import type { ShardSet } from './shard-set.ts';

export class FleetPresence {
  #latest: GatewayPresenceUpdateData | undefined;
  /** The one before it, which Discord has not refused. */
  #previous: GatewayPresenceUpdateData | undefined;

  constructor(initial: GatewayPresenceUpdateData | undefined) {
    this.#latest = initial;
  }

  get value(): GatewayPresenceUpdateData | undefined {
    return this.#latest;
  }

  set(presence: GatewayPresenceUpdateData): void {
    this.#previous = this.#latest;
    this.#latest = presence;
  }

  /**
   * Called with each fault of a shard. If Discord refused a presence, no other shard has to learn that for itself: it
   * would cost a session start for each.
   */
  onFault(fault: unknown, sets: readonly (Pick<ShardSet, 'handles'> | null)[]): void {
    const refused = fault instanceof GatewayError ? refusedPresenceOf(fault) : undefined;
    if (refused === undefined) return;
    this.#drop(refused);
    const presence = { refused, instead: this.#latest };
    for (const set of sets) for (const shard of set?.handles.values() ?? []) shard.dropPresence(presence);
  }

  #drop(refused: GatewayPresenceUpdateData): void {
    if (util.isDeepStrictEqual(this.#previous, refused)) this.#previous = undefined;
    if (!util.isDeepStrictEqual(this.#latest, refused)) return;
    this.#latest = this.#previous;
    this.#previous = undefined;
  }
}
