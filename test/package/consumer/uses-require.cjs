const assert = require('node:assert/strict');
const { Shard, VERSION } = require('shardwright');
const { withShardwright } = require('shardwright/discordeno');
const { toDiscordJsGateway } = require('shardwright/discordjs');
const { registerWithXStateInspect } = require('shardwright/inspect/legacy');
const { shardMachine } = require('shardwright/machines');
const manifest = require('shardwright/package.json');
const { seyfertGateway } = require('shardwright/seyfert');
const { FakeGateway } = require('shardwright/testing');

async function main() {
  assert.equal(VERSION, manifest.version);
  assert.throws(() => toDiscordJsGateway(), { code: 'INVALID_OPTIONS' });
  assert.throws(() => withShardwright(), { code: 'INVALID_OPTIONS' });
  assert.throws(() => seyfertGateway(), { code: 'INVALID_OPTIONS' });
  assert.ok('disconnected' in shardMachine.states);
  const gateway = await FakeGateway.listen();
  const shard = new Shard({ token: 'fake-token', intents: 0, url: gateway.url });
  assert.throws(() => registerWithXStateInspect(shard), { code: 'NO_INSPECTOR' });
  await shard.connect();
  assert.equal(shard.state, 'ready');
  await shard.disconnect();
  await gateway.close();
  console.log('require: connects to its fake gateway and leaves');
}

void main();
