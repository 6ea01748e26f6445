/**
 * Which guild an event is of, and which shard a guild belongs to.
 * @see https://discord.com/developers/docs/events/gateway#sharding-sharding-formula
 */
import { GatewayError } from '../protocol/errors.ts';
import type { Dispatch } from '../protocol/packets.ts';

const TIMESTAMP_SHIFT = 22n;

/** @throws {@link GatewayError} `INVALID_OPTIONS` when it is no id of a guild. */
export function shardIdForGuild(guildId: string | bigint, shardCount: number): number {
  if (typeof guildId !== 'bigint' && !/^\d+$/.test(guildId)) {
    throw new GatewayError('INVALID_OPTIONS', `"${guildId}" is no guild id: pass a snowflake as a string or bigint`);
  }
  return Number((BigInt(guildId) >> TIMESTAMP_SHIFT) % BigInt(shardCount));
}

/** Events of the guild itself have its id as their own. */
const GUILD_LIFECYCLE_EVENTS: ReadonlySet<string> = new Set(['GUILD_CREATE', 'GUILD_UPDATE', 'GUILD_DELETE']);

/** `null` for what concerns no guild, such as direct messages. */
export function guildIdOf({ t, d }: Dispatch): string | null {
  const { guild_id: guildId, id } = (d ?? {}) as { guild_id?: unknown; id?: unknown };
  const found = GUILD_LIFECYCLE_EVENTS.has(t) ? id : guildId;
  return typeof found === 'string' ? found : null;
}
