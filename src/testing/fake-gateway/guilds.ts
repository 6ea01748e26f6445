/** The guilds of the fake bot, and which shard is responsible for which. */
import type { FakeGuild } from './fake-types.ts';
import type { Ids } from './ids.ts';
import type { Settings } from './options.ts';

const TIMESTAMP_SHIFT = 22n;

/** @see https://discord.com/developers/docs/events/gateway#sharding */
export const shardIdForGuild = (guildId: string, shardCount: number): number =>
  Number((BigInt(guildId) >> TIMESTAMP_SHIFT) % BigInt(shardCount));

export class Guilds {
  readonly #guilds: readonly FakeGuild[];
  readonly #ownerId: string;

  constructor(settings: Settings, ids: Ids) {
    const { readyGuilds } = settings;
    this.#ownerId = ids.snowflake('owner');
    this.#guilds =
      typeof readyGuilds === 'number'
        ? ids.snowflakes('guild', readyGuilds).map((id, n) => ({ id, name: `Guild ${n}` }))
        : readyGuilds;
  }

  /** Returns the guilds of a shard, in the order of the option `readyGuilds`. */
  forShard([shardId, shardCount]: readonly [number, number]): readonly FakeGuild[] {
    return this.#guilds.filter((guild) => shardIdForGuild(guild.id, shardCount) === shardId);
  }

  /** Returns the data of GUILD_CREATE. */
  createData(guild: FakeGuild): FakeGuild {
    return {
      name: `Guild ${guild.id}`,
      owner_id: this.#ownerId,
      joined_at: '2024-01-01T00:00:00.000000+00:00',
      large: false,
      unavailable: false,
      member_count: 1,
      roles: [],
      emojis: [],
      stickers: [],
      features: [],
      members: [],
      channels: [],
      threads: [],
      presences: [],
      voice_states: [],
      stage_instances: [],
      guild_scheduled_events: [],
      soundboard_sounds: [],
      ...guild,
    };
  }
}
