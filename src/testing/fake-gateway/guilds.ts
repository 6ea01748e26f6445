/** The guilds of the fake bot. */
import { guildData } from './guild-data.ts';
import { shardIdForGuild } from './guild-shard.ts';
import type { FakeGuild } from './fake-types.ts';
import type { Ids } from './ids.ts';
import type { Members } from './members.ts';
import type { Settings } from './options.ts';

export class Guilds {
  readonly #guilds: readonly FakeGuild[];
  readonly #ids: Ids;
  readonly #members: Members;
  readonly #ownerId: string;

  constructor(settings: Settings, ids: Ids, members: Members) {
    const { readyGuilds } = settings;
    this.#ids = ids;
    this.#members = members;
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

  /** Returns the data of GUILD_CREATE. Discord sends the bot as a member, and others only on request. */
  createData(guild: FakeGuild): FakeGuild {
    return {
      ...guildData(guild.id, this.#ids, {
        ownerId: this.#ownerId,
        bot: this.#members.bot,
        memberCount: this.#members.countOf(guild.id),
      }),
      ...guild,
    };
  }
}
