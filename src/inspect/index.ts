/** `shardwright/inspect`: watch shards on a local page. */
export { createInspector } from './inspector.ts';
export type { Inspector, InspectorOptions } from './inspector.ts';
