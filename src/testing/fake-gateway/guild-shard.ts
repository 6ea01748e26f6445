/** Which shard is responsible for a guild. */
const TIMESTAMP_SHIFT = 22n;

/** @see https://discord.com/developers/docs/events/gateway#sharding */
export const shardIdForGuild = (guildId: string, shardCount: number): number =>
  Number((BigInt(guildId) >> TIMESTAMP_SHIFT) % BigInt(shardCount));
