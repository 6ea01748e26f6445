// Runs on Node, Bun and Deno: a shard connects, receives and resumes with each kind of compression.
import assert from 'node:assert/strict';
import { Shard } from 'shardwright';
import { FakeGateway } from 'shardwright/testing';

const runtime = globalThis.Bun
  ? `Bun ${globalThis.Bun.version}`
  : globalThis.Deno
    ? `Deno ${globalThis.Deno.version.deno}`
    : `Node ${process.versions.node}`;
const gateway = await FakeGateway.listen({ readyGuilds: 2 });

for (const compression of ['none', 'payload', 'zlib-stream', 'zstd-stream']) {
  const shard = new Shard({ token: 'fake-token', intents: ['Guilds', 'GuildMessages'], url: gateway.url, compression });
  const faults = [];
  shard.on('fault', ({ code, message }) => faults.push(`${code}: ${message}`));
  await shard.connect();

  const message = new Promise((resolve) => shard.onDispatch('MESSAGE_CREATE', ({ content }) => resolve(content)));
  gateway.dispatch('MESSAGE_CREATE', { id: '1', content: 'héllo 👋' });
  assert.equal(await message, 'héllo 👋');

  const reconnected = new Promise((resolve) => shard.on('reconnected', resolve));
  gateway.connections.at(-1).terminate();
  assert.deepEqual(await reconnected, { resumed: true });

  await shard.disconnect();
  assert.deepEqual(faults, []);
}

await gateway.close();
console.log(`${runtime}: a shard connects, receives and resumes with each compression`);
