/** `shardwright/inspect`: watch shards on a local page, or serve the status, health and metrics of a bot. */
import '../protocol/require-node.ts';
export { createInspector } from './inspector.ts';
export type { Inspector, InspectorOptions } from './inspector.ts';
export { serveStatus } from './status-server.ts';
export type { StatusReport, StatusServer, StatusServerOptions } from './status-server.ts';
export type { ManagerSource, ShardSource, StatusSource } from '../metrics/bot-status.ts';
