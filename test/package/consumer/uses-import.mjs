import assert from 'node:assert/strict';
import { GatewayError, Shard, ShardManager, VERSION } from 'shardwright';
import { registerWithXStateInspect } from 'shardwright/inspect/legacy';
import { CLOSE_CODES, shardMachine } from 'shardwright/machines';
import manifest from 'shardwright/package.json' with { type: 'json' };
import { FakeGateway } from 'shardwright/testing';

assert.equal(VERSION, manifest.version);
assert.ok('disconnected' in shardMachine.states);
assert.ok(CLOSE_CODES);
assert.throws(() => new Shard({ token: '', intents: 0 }), GatewayError);

const gateway = await FakeGateway.listen();
const shard = new Shard({ token: 'fake-token', intents: 0, url: gateway.url });
assert.throws(() => registerWithXStateInspect(shard), { code: 'NO_INSPECTOR' });
const told = [];
globalThis.__xstate__ = { register: (service) => void service.onStop(() => told.push(service.machine.definition.id)) };
registerWithXStateInspect(shard)();
assert.deepEqual(told, ['shard']);
await shard.connect();
assert.equal(shard.state, 'ready');
await shard.disconnect();
assert.equal(shard.state, 'disconnected');
console.log('import: connects to its fake gateway and leaves');

const manager = new ShardManager({ token: 'fake-token', intents: 0, api: gateway.apiUrl, shards: 1, workers: 1 });
const greeted = new Promise((resolve) => manager.onDispatch('MESSAGE_CREATE', ({ content }) => resolve(content)));
await manager.connect();
gateway.dispatch('MESSAGE_CREATE', { content: 'hello' });
assert.equal(await greeted, 'hello');
await manager.disconnect();
await gateway.close();
console.log('import: the thread of a manager is where the library looks for it');
