import '../protocol/require-node.ts';
export { toDiscordJsGateway } from './gateway.ts';
export type { ConsumerLike, DiscordJsGateway, DispatchListener, ManagerLike } from './gateway.ts';
export { shardingStrategy } from './sharding-strategy.ts';
export type { BuildShardwrightStrategy, DestroyOptions, ShardwrightStrategy } from './sharding-strategy.ts';
export type { ShardingStrategyOptions } from './client-options.ts';
export type {
  Awaitable,
  IdentifyThrottler,
  SessionHooks,
  SessionInfo,
  WsManagerLike,
  WsManagerOptions,
} from './ws-manager.ts';
