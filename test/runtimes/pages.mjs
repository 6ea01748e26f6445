/** Opens what the package serves on loopback: the page of the inspector, and the status of a bot. */
import assert from 'node:assert/strict';
import { ShardManager } from 'shardwright';
import { createInspector, serveStatus } from 'shardwright/inspect';
import { FakeGateway } from 'shardwright/testing';
import { WebSocket } from 'ws';

async function textOf(url) {
  const response = await fetch(url);
  assert.equal(response.status, 200, url);
  return response.text();
}

const gateway = await FakeGateway.listen();
const inspector = await createInspector();
const manager = new ShardManager({
  token: 'fake-token',
  intents: ['Guilds'],
  api: gateway.apiUrl,
  inspect: inspector.inspect,
});
const status = await serveStatus(manager);
await manager.connect();

const page = await textOf(inspector.url);
const scripts = [...page.matchAll(/src="([^"]+\.js)"/g)].map(([, path]) => new URL(path, inspector.url));
assert(scripts.length > 0, 'the page has scripts');
for (const script of scripts) assert.match(await textOf(script.href), /import/);

const socket = new WebSocket(new URL('/live', inspector.url.replace('http', 'ws')), {
  origin: new URL(inspector.url).origin,
});
const first = await new Promise((resolve, reject) => socket.once('message', resolve).once('error', reject));
assert.equal(typeof JSON.parse(first.toString()), 'object');
socket.close();

assert.match(await textOf(new URL('/healthz', status.url).href), /\S/);
assert.match(await textOf(new URL('/metrics', status.url).href), /^# HELP/m);

await manager.disconnect();
await Promise.all([status.close(), inspector.close(), gateway.close()]);
