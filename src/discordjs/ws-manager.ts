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
  resumeURL: string;
  sequence: number;
  sessionId: string;
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
  retrieveSessionInfo(shardId: number): Awaitable<SessionInfo | null>;
  updateSessionInfo(shardId: number, sessionInfo: SessionInfo | null): Awaitable<void>;
}

/** The options of a WebSocketManager, its defaults included. */
export interface WsManagerOptions extends SessionHooks {
  buildIdentifyThrottler(manager: never): Awaitable<IdentifyThrottler>;
  readonly compression: number | string | null;
  readonly identifyProperties: { readonly browser: string; readonly device: string; readonly os: string };
  readonly initialPresence: GatewayPresenceUpdateData | null;
  readonly intents: number;
  readonly largeThreshold: number | null;
  /** The REST of discord.js. A replacement may lack the fields that are optional here. */
  readonly rest: {
    readonly options?: { readonly api: string; readonly version: string };
    readonly handlers?: { clone(): object };
  };
  readonly shardCount: number | null;
  readonly shardIds: readonly number[] | { readonly start: number; readonly end: number } | null;
  /** Missing in `@discordjs/ws` 2. */
  readonly token?: string;
  /** Missing in `@discordjs/ws` 1. */
  readonly useIdentifyCompression?: boolean;
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
