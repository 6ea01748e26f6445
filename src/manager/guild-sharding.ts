/**
 * Finds the guild of an event, and the shard of a guild.
 * @see https://discord.com/developers/docs/events/gateway#sharding-sharding-formula
 */
import { GatewayError } from '../protocol/errors.ts';
import type { Dispatch } from '../protocol/packets.ts';
import { isSnowflake } from '../protocol/payload-rules.ts';
import { describeValue } from '../protocol/validation.ts';

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

/** Events about the guild itself carry its id as `id`. */
const GUILD_LIFECYCLE_EVENTS: ReadonlySet<string> = new Set(['GUILD_CREATE', 'GUILD_UPDATE', 'GUILD_DELETE']);

/** Returns `null` for an event without a guild, such as a direct message. */
export function guildIdOf({ t, d }: Dispatch): string | null {
  const { guild_id: guildId, id } = (d ?? {}) as { guild_id?: unknown; id?: unknown };
  const found = GUILD_LIFECYCLE_EVENTS.has(t) ? id : guildId;
  return typeof found === 'string' ? found : null;
}
