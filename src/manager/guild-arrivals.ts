/**
 * Says of each shard when the guilds of its session have come: READY lists them, and a GUILD_CREATE follows for each, or
 * a GUILD_DELETE for one that has an outage. Reads the data of these dispatches, so it works only where somebody listens.
 * @see https://discord.com/developers/docs/events/gateway-events#ready
 */
import type { Clock } from '../clock.ts';
import type { Dispatch } from '../protocol/packets.ts';
import { fieldsOf } from '../protocol/validation.ts';
import { GUILD_TIMEOUT_MS, guildIdsOf, idOf } from './reshard/guild-sync.ts';

/** The guilds of a shard, by whether they have come. */
export interface ArrivedGuilds {
  /** The ids of the guilds that have come. */
  readonly available: string[];
  /** The ids of the guilds that READY lists and that have not come: they have an outage. */
  readonly unavailable: string[];
}

interface GuildArrivalsOptions {
  readonly clock: Clock;
  /** Whether somebody wants to know. */
  readonly isWanted: () => boolean;
  readonly emit: (shardId: number, guilds: ArrivedGuilds) => void;
}

interface Arrival {
  readonly missing: Set<string>;
  readonly available: string[];
  readonly unavailable: string[];
  timer: unknown;
}

export class GuildArrivals {
  readonly #options: GuildArrivalsOptions;
  /** The shards whose guilds are still coming. */
  readonly #arrivals = new Map<number, Arrival>();

  constructor(options: GuildArrivalsOptions) {
    this.#options = options;
  }

  onDispatch(shardId: number, dispatch: Dispatch): void {
    const { t } = dispatch;
    if (t === 'READY') {
      if (this.#options.isWanted()) this.#expect(shardId, guildIdsOf(dispatch.d));
    } else if (this.#arrivals.size > 0 && (t === 'GUILD_CREATE' || t === 'GUILD_DELETE')) {
      const arrival = this.#arrivals.get(shardId);
      if (arrival !== undefined) this.#onGuild(shardId, arrival, dispatch);
    }
  }

  /** Waits for no guild any more. */
  stop(): void {
    for (const { timer } of this.#arrivals.values()) this.#options.clock.clearTimeout(timer);
    this.#arrivals.clear();
  }

  #expect(shardId: number, guildIds: readonly string[]): void {
    this.#options.clock.clearTimeout(this.#arrivals.get(shardId)?.timer);
    const arrival: Arrival = { missing: new Set(guildIds), available: [], unavailable: [], timer: null };
    this.#arrivals.set(shardId, arrival);
    this.#wait(shardId, arrival);
  }

  #onGuild(shardId: number, arrival: Arrival, { t, d }: Dispatch): void {
    const id = idOf(d);
    if (!arrival.missing.delete(id)) return;
    const isUnavailable = fieldsOf(d)['unavailable'] === true;
    if (isUnavailable) arrival.unavailable.push(id);
    else if (t === 'GUILD_CREATE') arrival.available.push(id);
    this.#wait(shardId, arrival);
  }

  /** A guild that takes longer has an outage, and comes when it is over. */
  #wait(shardId: number, arrival: Arrival): void {
    const { clock } = this.#options;
    clock.clearTimeout(arrival.timer);
    if (arrival.missing.size === 0) this.#finish(shardId, arrival);
    else arrival.timer = clock.setTimeout(() => this.#finish(shardId, arrival), GUILD_TIMEOUT_MS);
  }

  #finish(shardId: number, { missing, available, unavailable }: Arrival): void {
    this.#arrivals.delete(shardId);
    this.#options.emit(shardId, { available, unavailable: [...unavailable, ...missing] });
  }
}
