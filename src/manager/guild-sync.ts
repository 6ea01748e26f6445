/**
 * What a new session is told first: READY with its guilds, and then each of them as GUILD_CREATE. Until that is over
 * its dispatches are not those of a session in service.
 * @see https://discord.com/developers/docs/events/gateway-events#ready
 */
import type { Clock } from '../clock.ts';
import type { Dispatch } from '../protocol/packets.ts';

/** A guild that has not come for so long after the one before is not available, and comes when it is. */
export const GUILD_PATIENCE_MS = 15_000;

const guildIdsOf = (d: unknown): string[] => {
  const guilds = (d as { guilds?: unknown } | null)?.guilds;
  return Array.isArray(guilds) ? guilds.map(({ id }: { id?: unknown }) => String(id)) : [];
};

interface Host {
  readonly clock: Clock;
  /** Without the intent `Guilds` there is no GUILD_CREATE. */
  readonly hearsOfGuilds: boolean;
  /** Told when nothing is missing any more. */
  readonly changed: () => void;
}

export class GuildSync {
  readonly #host: Host;
  /** What each shard has yet to be told. */
  readonly #missing = new Map<number, Set<string>>();
  #timer: unknown = null;

  constructor(host: Host) {
    this.#host = host;
  }

  get isDone(): boolean {
    return this.#missing.size === 0;
  }

  hear(shardId: number, { t, d }: Dispatch): void {
    if (t === 'READY') this.#expect(shardId, guildIdsOf(d));
    else if (t === 'GUILD_CREATE' || t === 'GUILD_DELETE') this.#came(shardId, String((d as { id?: unknown } | null)?.id));
  }

  stop(): void {
    this.#host.clock.clearTimeout(this.#timer);
  }

  #expect(shardId: number, guildIds: string[]): void {
    if (this.#host.hearsOfGuilds && guildIds.length > 0) this.#missing.set(shardId, new Set(guildIds));
    else this.#missing.delete(shardId);
    this.#wait();
  }

  #came(shardId: number, guildId: string): void {
    const missing = this.#missing.get(shardId);
    if (missing?.delete(guildId) !== true) return;
    if (missing.size === 0) this.#missing.delete(shardId);
    this.#wait();
  }

  #wait(): void {
    this.stop();
    if (this.isDone) return this.#host.changed();
    this.#timer = this.#host.clock.setTimeout(() => {
      this.#missing.clear();
      this.#host.changed();
    }, GUILD_PATIENCE_MS);
  }
}
