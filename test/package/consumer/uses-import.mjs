import assert from 'node:assert/strict';
import { GatewayError, Shard, VERSION } from 'shardwright';
import { CLOSE_CODES, shardMachine } from 'shardwright/machines';
import manifest from 'shardwright/package.json' with { type: 'json' };
import { FakeGateway } from 'shardwright/testing';

assert.equal(VERSION, manifest.version);
assert.ok('disconnected' in shardMachine.states);
assert.ok(CLOSE_CODES);
assert.throws(() => new Shard({ token: '', intents: 0 }), GatewayError);

const gateway = await FakeGateway.listen();
const shard = new Shard({ token: 'fake-token', intents: 0, url: gateway.url });
await shard.connect();
assert.equal(shard.state, 'ready');
await shard.disconnect();
assert.equal(shard.state, 'disconnected');
await gateway.close();
console.log('import: connects to its fake gateway and leaves');
