/**
 * Finds the shard of a guild.
 * @see https://discord.com/developers/docs/events/gateway#sharding-sharding-formula
 */
import { GatewayError } from './errors.ts';
import { isSnowflake } from './payload-rules.ts';
import { describeValue } from './validation.ts';

const TIMESTAMP_SHIFT = 22n;

/** @throws {@link GatewayError} `INVALID_OPTIONS` if it is not a guild id. */
export function shardIdForGuild(guildId: string | bigint, shardCount: number): number {
  if (typeof guildId === 'bigint' ? guildId < 0n : !isSnowflake(guildId)) {
    throw new GatewayError(
      'INVALID_OPTIONS',
      `${describeValue(guildId)} is not a guild id; pass a snowflake as a string or bigint`,
    );
  }
  return Number((BigInt(guildId) >> TIMESTAMP_SHIFT) % BigInt(shardCount));
}
