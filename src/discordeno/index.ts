/** The entry `shardwright/discordeno`. */
import '../protocol/require-node.ts';
export { withShardwright } from './with-shardwright.ts';
export { DiscordenoShard } from './shard.ts';
export type { DiscordenoBot, DiscordenoGatewayEvents } from './bot.ts';
