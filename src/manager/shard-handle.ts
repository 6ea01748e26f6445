/**
 * The port between the manager and a shard, in this thread or in a worker thread. Everything that crosses it is plain
 * data, an event or a promise, in the order of the shard, so that each value can be a copy.
 */
import type {
  GatewayPresenceUpdateData,
  GatewayRequestGuildMembersData,
  GatewayVoiceStateUpdateData,
} from 'discord-api-types/v10';
import type { AwayReason, ShardState } from '../../machines/index.ts';
import type { IdentifyGate } from '../identify/identify-gate.ts';
import type { GatewayError } from '../protocol/errors.ts';
import type { RequestChannelInfoData, SendPayload } from '../protocol/packets.ts';
import type { Session } from '../session/session.ts';
import type { SessionStore } from '../session/session-store.ts';
import type { SendOptions } from '../shard/command-sender.ts';
import type { DisconnectOptions } from '../shard/close-request.ts';
import type { GuildMembers, RequestOptions } from '../shard/guild-member-requests.ts';
import type { InspectedShard, InspectedThreadShard } from '../shard/inspected-shard.ts';
import type { RefusedPresence } from '../shard/refused-payload.ts';
import type { ShardEvents } from '../shard/shard-events.ts';
import type { ShardClaim } from './start/shard-claim.ts';

/** When data last arrived, in ms of the clock; each is `null` before the first time. */
export interface ShardHealth {
  /** When the last data arrived from the gateway, of any kind. */
  readonly lastFrameAt: number | null;
  /** When the last heartbeat was acknowledged. */
  readonly lastAckAt: number | null;
  /** When the last dispatch arrived. */
  readonly lastDispatchAt: number | null;
}

/**
 * One shard of a manager, from `ShardManager.shards`. Its methods and events are those of a {@link Shard}, whether it
 * runs in this thread or in a worker thread.
 */
export interface ShardHandle {
  /** The id of this shard, from 0 to `shardCount - 1`. */
  readonly shardId: number;
  /** The shard count of the bot. */
  readonly shardCount: number;
  readonly state: ShardState;
  /** Why the shard has failed; `null` in any other state than `failed`. */
  readonly failure: GatewayError | null;
  /** The current session; `null` when there is none. */
  readonly session: Session | null;
  /** Round trip of the connection's last acknowledged heartbeat, in ms; `null` before its first ACK. */
  readonly ping: number | null;
  readonly health: ShardHealth;
  /** The number of payloads that wait to be sent. */
  readonly pendingSends: number;
  /** What an inspector may see of the shard; `null` or missing without an observer, and in a worker thread. */
  readonly inspected?: InspectedShard | null;
  /** What an inspector may see of a shard in a worker thread; missing for others. */
  readonly inspectedThread?: InspectedThreadShard;

  /**
   * Connects this shard alone. Resolves and rejects as `Shard.connect()` does. A shard whose session another process has
   * stays as it is until it gets the session; `connect()` rejects with `SESSION_IN_USE` after `claimTimeoutMs`.
   */
  connect(options?: { signal?: AbortSignal }): Promise<void>;
  /** Disconnects this shard alone, without reconnecting. Resolves and rejects as `Shard.disconnect()` does. */
  disconnect(options?: DisconnectOptions): Promise<void>;
  /** Closes the connection at once, without a close handshake. Safe in a signal handler. */
  forceClose(code?: number): void;
  /**
   * Closes the connection, keeps the session, and resumes it on a new connection. As `Shard.reconnect()` does, it takes
   * the session over from another process that has it.
   */
  reconnect(): Promise<void>;
  /**
   * Sends a payload when the shard is ready and Discord's limits allow it. Resolves and rejects as `Shard.send()` does.
   * @see https://discord.com/developers/docs/events/gateway#sending-events
   */
  send(payload: SendPayload, options?: SendOptions): Promise<void>;
  /**
   * Updates the bot's presence on this shard; a later IDENTIFY carries it too.
   * @see https://discord.com/developers/docs/events/gateway-events#update-presence
   */
  updatePresence(presence: GatewayPresenceUpdateData): Promise<void>;
  /**
   * Joins, moves in or leaves a voice channel.
   * @see https://discord.com/developers/docs/events/gateway-events#update-voice-state
   */
  updateVoiceState(voice: GatewayVoiceStateUpdateData): Promise<void>;
  /**
   * Requests members of a guild. Resolves with all chunks merged; rejects as `Shard.requestGuildMembers()` does.
   * @see https://discord.com/developers/docs/events/gateway-events#request-guild-members
   */
  requestGuildMembers(request: GatewayRequestGuildMembersData, options?: RequestOptions): Promise<GuildMembers>;
  /**
   * Requests the soundboard sounds of guilds. Discord answers with SOUNDBOARD_SOUNDS dispatches.
   * @see https://discord.com/developers/docs/events/gateway-events#request-soundboard-sounds
   */
  requestSoundboardSounds(guildIds: readonly string[]): Promise<void>;
  /**
   * Requests fields of a guild's channels. Discord answers with a CHANNEL_INFO dispatch.
   * @see https://discord.com/developers/docs/events/gateway-events#request-channel-info
   */
  requestChannelInfo(request: RequestChannelInfoData): Promise<void>;
  /**
   * Sends a heartbeat now. Resolves with the round trip in ms. Rejects with `NOT_CONNECTED` before HELLO, or with
   * `CONNECTION_LOST`.
   * @see https://discord.com/developers/docs/events/gateway#sending-heartbeats
   */
  heartbeat(): Promise<number>;

  /**
   * Resolves when every dispatch that the gateway had sent to this session at the time of the call has been emitted
   * here. Rejects with `NOT_CONNECTED`, or with `CONNECTION_LOST` when the connection is lost first.
   */
  barrier(): Promise<void>;
  /** Resolves when no send or request of this shard is pending. Never rejects. */
  settled(): Promise<void>;
  /**
   * Stops reading the socket, except for the ACK of a heartbeat and for a replay. Dispatches that have been read already
   * may still be emitted.
   */
  pauseReading(): void;
  /** Reads the socket again after {@link pauseReading}. */
  resumeReading(): void;
  /**
   * With a reason, leaves the connection, keeps the session, and stays away until `null`. A shard without a connection
   * does not mind.
   */
  setBufferFull(because: AwayReason | null): void;
  /** Discord refused a presence on another shard: this one does not send it, nor identify with it. */
  dropPresence(presence: RefusedPresence): void;
  /** Another process has had the shard since it stopped: its next `connect()` asks the store for the session. */
  markOutdated(): void;
  /** Resumes from an earlier sequence of the session, so that Discord sends the dispatches after it again. */
  rewind(sequence: number): void;

  /** Adds a listener for an event of this shard. */
  on<Name extends keyof ShardEvents>(name: Name, listener: (...args: ShardEvents[Name]) => unknown): unknown;
  /** Removes a listener. */
  off<Name extends keyof ShardEvents>(name: Name, listener: (...args: ShardEvents[Name]) => unknown): unknown;
}

/** The configuration that differs from shard to shard. Everything else is the same for all shards of a manager. */
export interface ShardConfig {
  readonly shardId: number;
  readonly shardCount: number;
  /** The gateway URL that Discord answered. */
  readonly url: string;
  /** Stays with the manager: a shard in a worker thread reaches it by message. */
  readonly sessionStore: SessionStore;
  /** Stays with the manager, as {@link sessionStore} does. */
  readonly identifyGate: IdentifyGate;
  /** Claims the session before the shard connects. Stays with the manager, as {@link sessionStore} does. */
  readonly claim: ShardClaim;
  /** The presence to identify with. */
  readonly presence: GatewayPresenceUpdateData | undefined;
}

/** Creates a shard. It does nothing before `connect()`. */
export type ShardFactory = (config: ShardConfig) => ShardHandle;

/** A shard in one of these states stays in it until `connect()` is called. */
export const STOPPED_STATES: ReadonlySet<ShardState> = new Set(['disconnected', 'failed']);

export const NO_SHARDS: ReadonlyMap<number, ShardHandle> = new Map();
