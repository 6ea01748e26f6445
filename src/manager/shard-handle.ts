/**
 * The port between the manager and a shard, wherever that lives: in this thread, or in another. All that crosses it is
 * plain data, events and promises, in the order of the shard; nothing is read synchronously that could not be a copy.
 */
import type {
  GatewayPresenceUpdateData,
  GatewayRequestGuildMembersData,
  GatewayVoiceStateUpdateData,
} from 'discord-api-types/v10';
import type { ShardState } from '../../machines/index.ts';
import type { IdentifyGate } from '../identify/identify-gate.ts';
import type { RequestChannelInfoData, SendPayload } from '../protocol/packets.ts';
import type { Session } from '../session/session.ts';
import type { SessionStore } from '../session/session-store.ts';
import type { SendOptions } from '../shard/command-sender.ts';
import type { DisconnectOptions } from '../shard/close-request.ts';
import type { GuildMembers, RequestOptions } from '../shard/guild-member-requests.ts';
import type { InspectedShard } from '../shard/inspected-shard.ts';
import type { ShardEvents } from '../shard/shard-events.ts';

/** When something last came, in ms of the clock. */
export interface ShardHealth {
  readonly lastFrameAt: number | null;
  readonly lastAckAt: number | null;
  readonly lastDispatchAt: number | null;
}

/** One shard of a manager; see {@link Shard} for what each member does. */
export interface ShardHandle {
  readonly shardId: number;
  readonly shardCount: number;
  readonly state: ShardState;
  readonly session: Session | null;
  /** The last round trip in ms. */
  readonly ping: number | null;
  readonly health: ShardHealth;
  /** Frames that wait to be sent. */
  readonly pendingSends: number;
  /** What an inspector may see beyond this; `null`, or nothing, where there is none, or the shard is in another thread. */
  readonly inspected?: InspectedShard | null;

  connect(options?: { signal?: AbortSignal }): Promise<void>;
  disconnect(options?: DisconnectOptions): Promise<void>;
  forceClose(code?: number): void;
  /** Closes the connection, keeps the session, and resumes it. */
  reconnect(): Promise<void>;
  send(payload: SendPayload, options?: SendOptions): Promise<void>;
  updatePresence(presence: GatewayPresenceUpdateData): Promise<void>;
  updateVoiceState(voice: GatewayVoiceStateUpdateData): Promise<void>;
  requestGuildMembers(request: GatewayRequestGuildMembersData, options?: RequestOptions): Promise<GuildMembers>;
  requestSoundboardSounds(guildIds: readonly string[]): Promise<void>;
  requestChannelInfo(request: RequestChannelInfoData): Promise<void>;
  /** Beats now; settles with the round trip in ms. */
  heartbeat(): Promise<number>;

  /**
   * Settles when everything that the gateway had sent to this session by the time of the call has come through here as
   * a `dispatch`. Rejects when the connection is lost before that.
   */
  barrier(): Promise<void>;
  /** Settles when nothing that was asked of the shard is under way any more. Never rejects. */
  settled(): Promise<void>;
  /** Stops reading the socket; dispatches that were read already may still come. */
  pauseReading(): void;
  /** Goes on reading. */
  resumeReading(): void;

  on<Name extends keyof ShardEvents>(name: Name, listener: (...args: ShardEvents[Name]) => unknown): unknown;
  off<Name extends keyof ShardEvents>(name: Name, listener: (...args: ShardEvents[Name]) => unknown): unknown;
}

/** What one shard has of its own; all else is the same for each shard of a manager. */
export interface ShardConfig {
  readonly shardId: number;
  readonly shardCount: number;
  /** The main gateway URL. */
  readonly url: string;
  /** Lives with the manager: a shard in another thread reaches it by message. */
  readonly sessionStore: SessionStore;
  /** As {@link sessionStore}. */
  readonly identifyGate: IdentifyGate;
  /** To identify with. */
  readonly presence: GatewayPresenceUpdateData | undefined;
}

/** Makes a shard that does nothing until it is told to connect. */
export type ShardFactory = (config: ShardConfig) => ShardHandle;
