/**
 * Modules of Node of which an `import` would load more than is used. It reads each export, and some load other modules:
 * `WebSocket` of `node:http` all of Node's `fetch`, `promises` of `node:fs` the promises. These are read on use instead.
 */
export const fs = process.getBuiltinModule('node:fs');
export const http = process.getBuiltinModule('node:http');
export const util = process.getBuiltinModule('node:util');
