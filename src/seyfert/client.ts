/**
 * The part of the gateway of seyfert that its `Client`, and bots, use. It is declared here, so that you need not install
 * seyfert for its types. The names and spellings are those of seyfert.
 */

/** The functions of a `Client`, and of bots, that a gateway calls. `Client.setServices()` wraps them. */
export interface SeyfertGatewayOptions {
  handlePayload: (shardId: number, packet: never) => unknown;
  /** Returns the payload to send; `null` to send nothing. */
  handleSendPayload?: (shardId: number, payload: never) => unknown;
  onShardDisconnect?: (data: { shardId: number; code: number; reason: string }) => unknown;
  onShardReconnect?: (data: { shardId: number }) => unknown;
}

/** The members that `requestGuildMember()` resolves with. */
export interface SeyfertMembers {
  members: readonly object[];
  presences: readonly object[];
}

/** A shard of a `SeyfertGateway`, from `client.gateway.get()` and `guild.shard`. */
export interface SeyfertShardLike {
  /** The id of this shard. */
  readonly id: number;
  /** Whether the shard has received the guilds of its session. It stays `true` while the shard reconnects. */
  readonly isReady: boolean;
  /** Whether the shard is ready to send. */
  readonly isOpen: boolean;
  /** Round trip of the last heartbeat, in ms; `Infinity` before its ACK. */
  readonly latency: number;
  /** The session. */
  readonly data: {
    readonly resume_seq?: number | null;
    readonly session_id?: string;
    readonly resume_gateway_url?: string;
  };
  /** Sends a heartbeat. Resolves with its round trip in ms. */
  ping(): Promise<number>;
  /** Sends a payload. `force` has no effect: the manager keeps Discord's limits. */
  send(force: boolean, payload: { op: number; d?: unknown }): Promise<void>;
  /** Requests members of a guild. Resolves with all chunks merged. */
  requestGuildMember(options: never): Promise<SeyfertMembers>;
  /** Disconnects this shard. */
  disconnect(code?: number): void;
  /** Closes the connection, and resumes the session on a new one. */
  reconnect(): Promise<void>;
}

/** The members of a `ShardManager` of seyfert that there are on shardwright. */
export interface SeyfertGateway extends ReadonlyMap<number, SeyfertShardLike> {
  readonly options: SeyfertGatewayOptions;
  /** The shard count of the bot; 0 before the manager knows it. */
  readonly totalShards: number;
  /** The mean of the latencies of the shards, in ms. */
  readonly latency: number;
  /** Returns the id of the shard of a guild. */
  calculateShardId(guildId: string): number;
  /** Connects the manager. `client.start()` calls it. */
  spawnShards(): Promise<void>;
  /** Sends a payload on one shard. Resolves with `false` if `handleSendPayload` returns `null`. */
  send(shardId: number, payload: never): Promise<boolean>;
  /** Updates the presence on all shards. */
  setPresence(presence: never): void;
  /** Updates the presence on one shard. */
  setShardPresence(shardId: number, presence: never): Promise<boolean>;
  /** Joins a voice channel. */
  joinVoice(guildId: string, channelId: string, options: { self_deaf: boolean; self_mute: boolean }): Promise<boolean>;
  /** Leaves the voice channel of a guild. */
  leaveVoice(guildId: string): Promise<boolean>;
  /** Requests fields of a guild's channels. */
  requestChannelInfo(guildId: string, fields: ('status' | 'voice_start_time')[]): Promise<boolean>;
  /** Disconnects one shard. */
  disconnect(shardId: number, code?: number): void;
  /** Disconnects the manager. */
  disconnectAll(code?: number): void;
}

/** The gateway in the type that the `Client` of seyfert expects, a class with private members. */
export type GatewayFor<Expected extends SeyfertGateway> = SeyfertGateway & Expected;
