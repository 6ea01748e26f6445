import type { GatewayPresenceUpdateData, GatewayVoiceStateUpdateData } from 'discord-api-types/v10';
import { Opcodes } from '../protocol/opcodes.ts';
import type { RequestChannelInfoData, SendPayload } from '../protocol/packets.ts';

/** Options of `send()`. */
export interface SendOptions {
  /** Aborts the send while it is queued; the promise then rejects with `ABORTED`. */
  signal?: AbortSignal;
  /**
   * Sends ahead of queued payloads, using capacity reserved for heartbeats. Discord's limit still holds. Has no effect
   * on presence updates: they have a limit of their own, and only the latest one is sent.
   *
   * @defaultValue `false`
   */
  ignoreRateLimit?: boolean;
}

/** The commands that are one payload each, for every class that can send: a shard, here or in a worker thread. */
export abstract class CommandSender {
  abstract send(payload: SendPayload, options?: SendOptions): Promise<void>;

  /**
   * Updates the bot's presence. Of several updates that wait only the last is sent; a later IDENTIFY carries it too.
   * @see https://discord.com/developers/docs/events/gateway-events#update-presence
   */
  updatePresence(presence: GatewayPresenceUpdateData): Promise<void> {
    return this.send({ op: Opcodes.PresenceUpdate, d: presence });
  }

  /**
   * Joins, moves in or leaves a voice channel.
   * @see https://discord.com/developers/docs/events/gateway-events#update-voice-state
   */
  updateVoiceState(voice: GatewayVoiceStateUpdateData): Promise<void> {
    return this.send({ op: Opcodes.VoiceStateUpdate, d: voice });
  }

  /**
   * Requests the soundboard sounds of guilds. Discord answers with SOUNDBOARD_SOUNDS dispatches.
   * @see https://discord.com/developers/docs/events/gateway-events#request-soundboard-sounds
   */
  requestSoundboardSounds(guildIds: readonly string[]): Promise<void> {
    return this.send({ op: Opcodes.RequestSoundboardSounds, d: { guild_ids: guildIds } });
  }

  /**
   * Requests fields of a guild's channels. Discord answers with a CHANNEL_INFO dispatch.
   * @see https://discord.com/developers/docs/events/gateway-events#request-channel-info
   */
  requestChannelInfo(request: RequestChannelInfoData): Promise<void> {
    return this.send({ op: Opcodes.RequestChannelInfo, d: request });
  }
}
