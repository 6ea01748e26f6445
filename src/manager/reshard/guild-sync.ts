/**
 * Waits until new sessions have received their guilds: READY lists them, and a GUILD_CREATE follows for each. Until
 * then their dispatches differ from those of the sessions in service.
 * @see https://discord.com/developers/docs/events/gateway-events#ready
 */
import type { Clock } from '../../clock.ts';
import type { Dispatch } from '../../protocol/packets.ts';
import { fieldsOf } from '../../protocol/validation.ts';

/** How long to wait for the next guild. One that takes longer is unavailable, and comes when it is available again. */
export const GUILD_TIMEOUT_MS = 15_000;

export const idOf = (guild: unknown): string => String(fieldsOf(guild)['id']);

export const guildIdsOf = (d: unknown): string[] => {
  const { guilds } = fieldsOf(d);
  return Array.isArray(guilds) ? guilds.map(idOf) : [];
};

interface GuildSyncOptions {
  readonly clock: Clock;
  /** Without the intent `Guilds`, Discord sends no GUILD_CREATE. */
  readonly hasGuildsIntent: boolean;
  /** Called when no guild is missing any more. */
  readonly onDone: () => void;
}

export class GuildSync {
  readonly #options: GuildSyncOptions;
  /** The ids of the guilds that each shard has not received, by shard id. */
  readonly #missing = new Map<number, Set<string>>();
  #timer: unknown = null;

  constructor(options: GuildSyncOptions) {
    this.#options = options;
  }

  get isDone(): boolean {
    return this.#missing.size === 0;
  }

  onDispatch(shardId: number, { t, d }: Dispatch): void {
    if (t === 'READY') this.#expect(shardId, guildIdsOf(d));
    else if (t === 'GUILD_CREATE' || t === 'GUILD_DELETE') this.#onGuild(shardId, idOf(d));
  }

  stop(): void {
    this.#options.clock.clearTimeout(this.#timer);
  }

  #expect(shardId: number, guildIds: string[]): void {
    if (this.#options.hasGuildsIntent && guildIds.length > 0) this.#missing.set(shardId, new Set(guildIds));
    else this.#missing.delete(shardId);
    this.#restartTimeout();
  }

  #onGuild(shardId: number, guildId: string): void {
    const missing = this.#missing.get(shardId);
    if (missing?.delete(guildId) !== true) return;
    if (missing.size === 0) this.#missing.delete(shardId);
    this.#restartTimeout();
  }

  #restartTimeout(): void {
    this.stop();
    if (this.isDone) return this.#options.onDone();
    this.#timer = this.#options.clock.setTimeout(() => {
      this.#missing.clear();
      this.#options.onDone();
    }, GUILD_TIMEOUT_MS);
  }
}
