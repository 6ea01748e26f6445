/** The entry `shardwright/seyfert`. */
import '../protocol/require-node.ts';
export { seyfertGateway } from './gateway.ts';
export type { GatewayFor, SeyfertGateway, SeyfertGatewayOptions, SeyfertMembers, SeyfertShardLike } from './client.ts';
