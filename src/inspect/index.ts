/** `shardwright/inspect`: watch shards on a local page, or read what a manager is doing. */
export { createInspector } from './inspector.ts';
export type { Inspector, InspectorOptions } from './inspector.ts';
export { serveStatus } from './status-server.ts';
export type { StatusReport, StatusServer, StatusServerOptions, StatusSource } from './status-server.ts';
