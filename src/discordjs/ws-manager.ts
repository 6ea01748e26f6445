/**
 * The part of the WebSocketManager of `@discordjs/ws`, 1 and 2, that the strategy uses. It is declared here, so that you
 * need not install discord.js for its types. The names and spellings are those of `@discordjs/ws`.
 */
import type { APIGatewayBotInfo, GatewayPresenceUpdateData } from 'discord-api-types/v10';
import type { Dispatch } from '../protocol/packets.ts';

/** A value, or a promise of it. */
export type Awaitable<T> = PromiseLike<T> | T;

/** A session in the form of `@discordjs/ws`. */
export interface SessionInfo {
  /** The URL for RESUME, as READY sent it. */
  resumeURL: string;
  /** The sequence of the last dispatch that was delivered. */
  sequence: number;
  sessionId: string;
  /** The shard count that the session was started with. */
  shardCount: number;
  shardId: number;
}

/** Decides when a shard may identify. */
export interface IdentifyThrottler {
  /** Resolves when the shard may identify. Rejects when `signal` aborts. */
  waitForIdentify(shardId: number, signal: AbortSignal): Promise<void>;
}

/** The hooks through which a user of `@discordjs/ws` stores sessions. */
export interface SessionHooks {
  /** Returns the stored session of a shard, or `null`. */
  retrieveSessionInfo(shardId: number): Awaitable<SessionInfo | null>;
  /** Replaces the stored session of a shard; `null` deletes it. */
  updateSessionInfo(shardId: number, sessionInfo: SessionInfo | null): Awaitable<void>;
}

/** The options of a WebSocketManager, its defaults included. */
export interface WsManagerOptions extends SessionHooks {
  /** Builds the throttler of all shards. */
  buildIdentifyThrottler(manager: never): Awaitable<IdentifyThrottler>;
  /** A string in `@discordjs/ws` 1, a number in 2. `null`, the default, means that nothing was chosen. */
  readonly compression: number | string | null;
  /** The client that IDENTIFY names to Discord. */
  readonly identifyProperties: { readonly browser: string; readonly device: string; readonly os: string };
  /** The presence to identify with. */
  readonly initialPresence: GatewayPresenceUpdateData | null;
  /** The intents as a bit field. */
  readonly intents: number;
  /** Member count above which Discord omits offline members from a guild. */
  readonly largeThreshold: number | null;
  /** The REST of discord.js. A replacement may lack the fields that are optional here. */
  readonly rest: {
    readonly options?: { readonly api: string; readonly version: string };
    readonly handlers?: { clone(): object };
  };
  /** The shard count of the bot; `null` for as many as Discord recommends. */
  readonly shardCount: number | null;
  /** The shards to run; `null` for all. */
  readonly shardIds: readonly number[] | { readonly start: number; readonly end: number } | null;
  /** Missing in `@discordjs/ws` 2. */
  readonly token?: string;
  /** Missing in `@discordjs/ws` 1. */
  readonly useIdentifyCompression?: boolean;
  /** The version of Discord's API. */
  readonly version: string;
}

/** A WebSocketManager of `@discordjs/ws`. `Statuses` is the Collection that its `fetchStatus()` returns. */
export interface WsManagerLike<Statuses = unknown> {
  readonly options: WsManagerOptions;
  /** Missing in `@discordjs/ws` 1. */
  readonly token?: string;
  emit(name: never, ...args: never[]): unknown;
  fetchGatewayInformation(force?: boolean): Promise<APIGatewayBotInfo>;
  fetchStatus(): Awaitable<Statuses>;
  getShardCount(): Promise<number>;
  listenerCount(name: never): number;
}

/** The events that `@discordjs/ws` promises its owner, with the value that each carries beside the id of the shard. */
export interface WsEvents {
  /** The close code. */
  closed: number;
  debug: string;
  dispatch: Dispatch;
  error: Error;
  heartbeat: { ackAt: number; heartbeatAt: number; latency: number };
  hello: null;
  /** The data of READY. */
  ready: unknown;
  resumed: null;
}

/** Whether a WebSocketManager is that of `@discordjs/ws` 2, which emits in another form. */
export const isVersion2 = (ws: WsManagerLike): boolean => 'setToken' in ws;
