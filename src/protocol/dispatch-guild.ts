/** Finds the guild of an event, without trust in what Discord sent. */
import type { Dispatch } from './packets.ts';

/** Events about the guild itself carry its id as `id`. */
export const GUILD_LIFECYCLE_EVENTS: ReadonlySet<string> = new Set(['GUILD_CREATE', 'GUILD_UPDATE', 'GUILD_DELETE']);

/** Returns `null` for an event without a guild, such as a direct message. */
export function guildIdOf({ t, d }: Dispatch): string | null {
  const { guild_id: guildId, id } = (d ?? {}) as { guild_id?: unknown; id?: unknown };
  const found = GUILD_LIFECYCLE_EVENTS.has(t) ? id : guildId;
  return typeof found === 'string' ? found : null;
}

/** Returns `null` for an event without a channel. */
export function channelIdOf({ d }: Dispatch): string | null {
  const { channel_id: channelId } = (d ?? {}) as { channel_id?: unknown };
  return typeof channelId === 'string' ? channelId : null;
}
