/**
 * The part of a bot of discordeno that the adapter uses. It is declared here, so that you need not install discordeno
 * for its types. The names and spellings are those of discordeno.
 */
import type { DiscordenoShard } from './shard.ts';

/** The listeners of `gateway.events` that are called. */
export interface DiscordenoGatewayEvents {
  connecting?: (shard: never) => unknown;
  connected?: (shard: never) => unknown;
  disconnected?: (shard: never) => unknown;
  hello?: (shard: never) => unknown;
  heartbeatAck?: (shard: never) => unknown;
  identifying?: (shard: never) => unknown;
  identified?: (shard: never) => unknown;
  resuming?: (shard: never) => unknown;
  resumed?: (shard: never) => unknown;
  /** `createBot()` sets it. It calls the handlers and events of the bot. */
  message?: (shard: never, payload: never) => unknown;
}

/** The status that `editBotStatus()` takes. */
export interface DiscordenoStatus {
  activities?: readonly object[];
  status: string;
}

/** The members of a `GatewayManager` that the adapter replaces. */
export interface DiscordenoGateway {
  shards: ReadonlyMap<number, DiscordenoShard>;
  totalShards: number;
  firstShardId: number;
  lastShardId: number;
  intents: number;
  spawnShards(): Promise<void>;
  shutdown(code: number, reason: string): Promise<void>;
  sendPayload(shardId: number, payload: { op: number; d: unknown }): Promise<void>;
  editBotStatus(status: DiscordenoStatus): Promise<void>;
  editShardStatus(shardId: number, status: DiscordenoStatus): Promise<void>;
  identify(shardId: number): Promise<void>;
  kill(shardId: number): Promise<void>;
}

/** A bot of discordeno, as `createBot()` returns it. */
export interface DiscordenoBot {
  readonly gateway: {
    readonly events: DiscordenoGatewayEvents;
    readonly resharding: object;
    readonly totalShards: number;
    readonly firstShardId: number;
    readonly lastShardId: number;
  };
  start(): Promise<void>;
}
