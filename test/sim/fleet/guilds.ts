/** The guilds a bot is in, and what happens in them: each event is told to every session it belongs to, the same to all. */
import { stream } from '../dice.ts';
import type { Dice } from '../dice.ts';
import type { GatewaySession } from '../gateway-session.ts';
import type { World } from '../world.ts';

const TYPES = ['MESSAGE_CREATE', 'MESSAGE_UPDATE', 'TYPING_START', 'GUILD_MEMBER_ADD', 'SOMETHING_NEW'] as const;

/** Guild n is of shard n, modulo the shard count. */
const guildId = (n: number): string => String(BigInt(n) << 22n);

/** The event that a dispatch tells of; `null` for what happens in no guild. */
export const eventOf = (d: unknown): { guild: string; event: number } | null => {
  const { guild_id: guild, event } = (d ?? {}) as { guild_id?: unknown; event?: unknown };
  return typeof guild === 'string' && typeof event === 'number' ? { guild, event } : null;
};

export class Guilds {
  readonly #world: World;
  readonly #count: number;
  readonly #dice: Dice;
  #events = 0;
  #hasTraffic = true;

  constructor(world: World, count: number) {
    this.#world = world;
    this.#count = count;
    this.#dice = stream(world.setting.seed, 'guilds');
    this.#traffic();
  }

  /** Those of a shard. */
  idsOf(shardId: number, total: number): string[] {
    return Array.from({ length: this.#count }, (_, n) => n).filter((n) => n % total === shardId).map(guildId);
  }

  happen(count: number): void {
    const { chronicle, gateway } = this.#world;
    for (let made = 0; made < count; made += 1) {
      const n = this.#dice.int(0, this.#count - 1);
      const guild = guildId(n);
      this.#events += 1;
      const id = this.#events;
      const told: GatewaySession[] = [];
      for (const session of gateway.sessions.values()) if (session.endedBy === null && n % session.total === session.shardId) told.push(session);
      chronicle.tell('guild.event', { id, guild, sessions: told });
      const type = this.#dice.pick(TYPES);
      for (const session of told) session.say(type, { guild_id: guild, event: id });
    }
  }

  endTraffic(): void {
    this.#hasTraffic = false;
  }

  #traffic(): void {
    this.#world.clock.outside(() => {
      if (!this.#hasTraffic) return;
      this.happen(this.#dice.chance(0.9) ? 1 : this.#dice.int(2, 10));
      this.#traffic();
    }, Math.ceil(this.#dice.exponential(this.#world.setting.trafficMs / 2)));
  }
}
