/**
 * The types of everything that travels over the socket: packets, dispatches by event name, and the payloads you can
 * send. The types of their data come from discord-api-types.
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

/** The event names that discord-api-types documents. */
export type EventName = keyof DispatchDataByName;

/** Only a type. A member of an enum is a string that no other text equals, so that `t` still narrows `d`. */
declare enum UndocumentedEvent {
  Name = 'a name that discord-api-types does not document',
}

/**
 * The name of an event that discord-api-types does not document. Write `'SOMETHING_NEW' as CustomEventName` where a name
 * is checked.
 */
export type CustomEventName = UndocumentedEvent.Name;

/** The name of any event. */
export type AnyEventName = EventName | CustomEventName;

/** The data of a dispatch; `unknown` for events that discord-api-types does not document yet. */
export type DispatchData<T extends string> = T extends EventName ? DispatchDataByName[T] : unknown;

/**
 * An event from Discord: a union over its name, so that a check of `t` narrows `d`. The data of events that
 * discord-api-types does not document is `unknown`.
 *
 * @example
 * ```ts
 * for await (const { t, d } of shard.dispatches()) if (t === 'MESSAGE_CREATE') console.log(d.content);
 * ```
 * @see https://discord.com/developers/docs/events/gateway-events#receive-events
 */
export type Dispatch<T extends string = AnyEventName> = T extends EventName
  ? DispatchOf<T>
  : DispatchOf<CustomEventName>;

/**
 * An event of one name. `t`, `s`, `op` and `d` are own enumerable properties, so JSON, copies, clones and comparisons
 * treat it as a plain object; only its prototype differs.
 */
export interface DispatchOf<T extends AnyEventName> {
  readonly op: 0;
  /** The event name, such as `MESSAGE_CREATE`. */
  readonly t: T;
  /** The sequence, which counts the dispatches of a session. */
  readonly s: number;
  /**
   * The data. It may be decoded at the first read; later reads return the same value.
   * @throws {@link GatewayError} `DECODE_FAILED` if it is not JSON. The shard then emits a `fault` and resumes on a new
   * connection. If you read it within the listener, Discord sends the event again.
   */
  readonly d: DispatchData<T>;
  /**
   * The whole packet as JSON in UTF-8, for passing it on without decoding. Not enumerable. The bytes belong to you, and
   * each read returns the same ones. They are exactly what Discord sent if you read `raw` within the listener, or if
   * `d` was never read. Otherwise they are written again from `d`.
   */
  readonly raw: Uint8Array;
  /**
   * Set for the READY and the guilds that `warmStart` delivers before a replay. An earlier process received them; `s` is
   * the sequence of the session.
   */
  readonly isRestored?: true;
}

/**
 * The data of Request Soundboard Sounds (op 31).
 * @see https://discord.com/developers/docs/events/gateway-events#request-soundboard-sounds
 */
export interface RequestSoundboardSoundsData {
  guild_ids: readonly string[];
}

/**
 * The data of Request Channel Info (op 43).
 * @see https://discord.com/developers/docs/events/gateway-events#request-channel-info
 */
export interface RequestChannelInfoData {
  guild_id: string;
  fields: readonly ('status' | 'voice_start_time')[];
}

/**
 * A payload that you can pass to `send()`. The shard itself sends Identify, Resume and Heartbeat; both the types and
 * `send()` refuse them.
 * @see https://discord.com/developers/docs/events/gateway-events#send-events
 */
export type SendPayload =
  | { op: 3; d: GatewayPresenceUpdateData }
  | { op: 4; d: GatewayVoiceStateUpdateData }
  | { op: 8; d: GatewayRequestGuildMembersData }
  | { op: 31; d: RequestSoundboardSoundsData }
  | { op: 43; d: RequestChannelInfoData };
