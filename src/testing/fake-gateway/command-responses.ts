/**
 * Answers the commands of a client that has identified: a table from opcode to the dispatches that come back.
 * @see https://discord.com/developers/docs/events/gateway-events#send-events
 */
import type { Fields } from '../../protocol/validation.ts';
import { Opcodes } from '../../protocol/opcodes.ts';
import type { Ids } from './ids.ts';
import type { FakeSession } from './sessions.ts';

/** A dispatch that has no sequence yet. */
export interface ResponseDispatch {
  readonly t: string;
  readonly d: unknown;
}

/** What a response depends on. */
export interface CommandContext {
  /** Valid data. */
  readonly d: Fields;
  readonly session: FakeSession;
  readonly userId: string;
  readonly ids: Ids;
}

type Responder = (d: Fields, context: CommandContext) => ResponseDispatch[];

const listOf = (value: unknown): readonly unknown[] => (Array.isArray(value) ? value : []);

/** @see https://discord.com/developers/docs/events/gateway-events#update-voice-state */
const voiceState: Responder = (d, { session, userId }) => {
  const { guild_id: guildId, channel_id: channelId } = d;
  const state = {
    guild_id: guildId,
    channel_id: channelId,
    user_id: userId,
    session_id: session.id,
    deaf: false,
    mute: false,
    self_deaf: d['self_deaf'] === true,
    self_mute: d['self_mute'] === true,
    self_video: false,
    suppress: false,
    request_to_speak_timestamp: null,
  };
  return [{ t: 'VOICE_STATE_UPDATE', d: state }];
};

/** @see https://discord.com/developers/docs/events/gateway-events#request-soundboard-sounds */
const soundboardSounds: Responder = (d, { ids }) =>
  listOf(d['guild_ids']).map((guildId) => {
    const sound = {
      sound_id: ids.snowflake(`sound of ${String(guildId)}`),
      name: 'Sound',
      volume: 1,
      emoji_id: null,
      emoji_name: null,
      guild_id: guildId,
      available: true,
    };
    return { t: 'SOUNDBOARD_SOUNDS', d: { guild_id: guildId, soundboard_sounds: [sound] } };
  });

/** @see https://discord.com/developers/docs/events/gateway-events#request-channel-info */
const channelInfo: Responder = (d, { ids }) => {
  const { guild_id: guildId } = d;
  const fields = listOf(d['fields']);
  const channel = {
    id: ids.snowflake(`voice channel of ${String(guildId)}`),
    ...(fields.includes('status') ? { status: 'Fake status' } : {}),
    ...(fields.includes('voice_start_time') ? { voice_start_time: 1_704_067_200 } : {}),
  };
  return [{ t: 'CHANNEL_INFO', d: { guild_id: guildId, channels: [channel] } }];
};

const RESPONDERS: ReadonlyMap<number, Responder> = new Map<number, Responder>([
  [Opcodes.VoiceStateUpdate, voiceState],
  [Opcodes.RequestSoundboardSounds, soundboardSounds],
  [Opcodes.RequestChannelInfo, channelInfo],
]);

/** Returns the dispatches that answer a command. */
export const responsesTo = (op: number, context: CommandContext): ResponseDispatch[] =>
  RESPONDERS.get(op)?.(context.d, context) ?? [];
