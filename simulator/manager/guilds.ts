/** The guilds of a bot and their events. Every session that a guild belongs to receives the same events. */
import { randomFor } from '../../src/testing/seeded-random.ts';
import type { SeededRandom } from '../../src/testing/seeded-random.ts';
import type { GatewaySession } from '../gateway-session.ts';
import type { World } from '../world.ts';

const TYPES = ['MESSAGE_CREATE', 'MESSAGE_UPDATE', 'TYPING_START', 'GUILD_MEMBER_ADD', 'SOMETHING_NEW'] as const;

/** Guild n belongs to shard n modulo the shard count. */
const guildId = (n: number): string => String(BigInt(n) << 22n);

/** Returns the guild and number of the event in a dispatch; `null` for other dispatches. */
export const eventOf = (d: unknown): { guild: string; event: number } | null => {
  const { guild_id: guild, event } = (d ?? {}) as { guild_id?: unknown; event?: unknown };
  return typeof guild === 'string' && typeof event === 'number' ? { guild, event } : null;
};

export class SimGuilds {
  readonly #world: World;
  readonly #count: number;
  readonly #random: SeededRandom;
  #events = 0;
  #hasTraffic = true;

  constructor(world: World, count: number) {
    this.#world = world;
    this.#count = count;
    this.#random = randomFor(world.setting.seed, 'guilds');
    this.#scheduleTraffic();
  }

  /** Returns the ids of the guilds of a shard. */
  idsForShard(shardId: number, shardCount: number): string[] {
    return Array.from({ length: this.#count }, (_, n) => n)
      .filter((n) => n % shardCount === shardId)
      .map(guildId);
  }

  createEvents(count: number): void {
    const { eventLog, gateway } = this.#world;
    for (let made = 0; made < count; made += 1) {
      const n = this.#random.int(0, this.#count - 1);
      const guild = guildId(n);
      this.#events += 1;
      const id = this.#events;
      const recipients: GatewaySession[] = [];
      for (const session of gateway.sessions.values())
        if (session.endedBy === null && n % session.shardCount === session.shardId) recipients.push(session);
      eventLog.record('guild.event', { id, guild, sessions: recipients });
      const type = this.#random.pick(TYPES);
      for (const session of recipients) session.dispatch(type, { guild_id: guild, event: id });
    }
  }

  stopTraffic(): void {
    this.#hasTraffic = false;
  }

  #scheduleTraffic(): void {
    this.#world.clock.scheduleInWorld(
      () => {
        if (!this.#hasTraffic) return;
        this.createEvents(this.#random.chance(0.9) ? 1 : this.#random.int(2, 10));
        this.#scheduleTraffic();
      },
      Math.ceil(this.#random.exponential(this.#world.setting.trafficMs / 2)),
    );
  }
}
