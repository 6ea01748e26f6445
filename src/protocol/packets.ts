/**
 * What travels over the socket: packets as Discord frames them, and dispatches typed by event name.
 * The payload types are discord-api-types'; nothing of them is copied here.
 */
import type {
  GatewayDispatchPayload,
  GatewayPresenceUpdateData,
  GatewayRequestGuildMembersData,
  GatewayVoiceStateUpdateData,
} from 'discord-api-types/v10';

/**
 * One decoded gateway message.
 * @see https://discord.com/developers/docs/events/gateway-events#payload-structure
 */
export interface Packet {
  readonly op: number;
  readonly d?: unknown;
  readonly s?: number | null;
  readonly t?: string | null;
}

/** Data of each documented dispatch, by its event name (`MESSAGE_CREATE`, …). */
export type DispatchDataByName = { [P in GatewayDispatchPayload as `${P['t']}`]: P['d'] };

/** The event names discord-api-types documents. */
export type EventName = keyof DispatchDataByName;

/** The data of a dispatch; `unknown` for an event the types do not know yet. */
export type DispatchData<T extends string> = T extends EventName ? DispatchDataByName[T] : unknown;

/**
 * An event from Discord, as it was received. `t`, `s`, `op` and `d` are its own enumerable properties, so it is
 * written, copied, cloned and compared as a plain object of these; what looks at prototypes sees that it is none.
 * @see https://discord.com/developers/docs/events/gateway-events#receive-events
 */
export interface Dispatch<T extends string = string> {
  readonly op: 0;
  readonly t: T;
  readonly s: number;
  /**
   * May be decoded only when it is read, and is then kept.
   * @throws {@link GatewayError} `DECODE_FAILED` when it is no JSON. The shard, which finds out with you, tells a
   * `fault` and resumes on a new connection. If it was read within the listener, it comes again.
   */
  readonly d: DispatchData<T>;
  /**
   * The whole packet as JSON in UTF-8, to be passed on without being decoded. Not enumerable; yours, and the same on
   * each read. Read within the listener it is what Discord sent, byte by byte, and it stays so after `d` if nobody has
   * read that; otherwise it is written anew from `d`.
   */
  readonly raw: Uint8Array;
}

/** @see https://discord.com/developers/docs/events/gateway-events#request-soundboard-sounds */
export interface RequestSoundboardSoundsData {
  guild_ids: readonly string[];
}

/** @see https://discord.com/developers/docs/events/gateway-events#request-channel-info */
export interface RequestChannelInfoData {
  guild_id: string;
  fields: readonly ('status' | 'voice_start_time')[];
}

/**
 * What a user may send. Identify, Resume and Heartbeat are the shard's own business and are refused by type and
 * at run time.
 * @see https://discord.com/developers/docs/events/gateway-events#send-events
 */
export type SendPayload =
  | { op: 3; d: GatewayPresenceUpdateData }
  | { op: 4; d: GatewayVoiceStateUpdateData }
  | { op: 8; d: GatewayRequestGuildMembersData }
  | { op: 31; d: RequestSoundboardSoundsData }
  | { op: 43; d: RequestChannelInfoData };
