/** Which shard a command is for. Callers from JavaScript pass anything. */
import { GatewayError } from '../../protocol/errors.ts';
import { shardIdForGuild } from '../../protocol/guild-sharding.ts';
import { checkPayload } from '../../protocol/payloads.ts';
import { describeValue, fieldsOf, isCount } from '../../protocol/validation.ts';

/** A shard by its id, or by one of its guilds. */
export type CommandTarget = { readonly shardId: number } | { readonly guildId: string };

/** Returns the shard of the guild that a payload names. @throws {@link GatewayError} as `checkPayload()` does */
export function guildShardOf(op: number, d: unknown, total: number): number {
  const { guild_id: guildId } = fieldsOf(checkPayload({ op, d }).payload.d);
  return shardIdForGuild(String(guildId), total);
}

export function shardIdOf(to: unknown, total: number): number {
  const { shardId, guildId } = fieldsOf(to);
  if (typeof guildId === 'string') return shardIdForGuild(guildId, total);
  if (isCount(shardId) && shardId < total) return shardId;
  throw new GatewayError('INVALID_OPTIONS', `the bot has no shard ${describeValue(shardId)}; it has ${total}`);
}
