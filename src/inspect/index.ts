/** `shardwright/inspect`: watch shards on a local page, or serve the status of a manager as JSON. */
export { createInspector } from './inspector.ts';
export type { Inspector, InspectorOptions } from './inspector.ts';
export { serveStatus } from './status-server.ts';
export type { StatusReport, StatusServer, StatusServerOptions, StatusSource } from './status-server.ts';
