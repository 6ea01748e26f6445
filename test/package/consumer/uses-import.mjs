import assert from 'node:assert/strict';
import { GatewayError, Shard, ShardManager, VERSION } from 'shardwright';
import { withShardwright } from 'shardwright/discordeno';
import { toDiscordJsGateway } from 'shardwright/discordjs';
import { registerWithXStateInspect } from 'shardwright/inspect/legacy';
import { CLOSE_CODES, shardMachine } from 'shardwright/machines';
import manifest from 'shardwright/package.json' with { type: 'json' };
import { instrument } from 'shardwright/opentelemetry';
import { collectMetrics } from 'shardwright/prometheus';
import { redisEngine } from 'shardwright/redis';
import { FlightRecorder, readRecording } from 'shardwright/recorder';
import { seyfertGateway } from 'shardwright/seyfert';
import { FakeGateway } from 'shardwright/testing';

assert.equal(VERSION, manifest.version);
assert.ok('disconnected' in shardMachine.states);
assert.ok(CLOSE_CODES);
assert.throws(() => new Shard({ token: '', intents: 0 }), GatewayError);
await assert.rejects(toDiscordJsGateway(new ShardManager({ token: 'x', intents: 0 })).getShardCount(), {
  code: 'NOT_CONNECTED',
});

assert.throws(() => withShardwright(), { code: 'INVALID_OPTIONS' });
assert.equal(seyfertGateway(new ShardManager({ token: 'x', intents: 0 })).totalShards, 0);

await assert.rejects(collectMetrics(), /needs prom-client: install it/);
await assert.rejects(instrument(), /needs @opentelemetry\/api: install it/);
await assert.rejects(redisEngine({ app: 'bot' }).open({ report: assert.fail }), /npm i redis/);

assert.throws(() => new FlightRecorder({ directory: '' }), { code: 'INVALID_OPTIONS' });
await assert.rejects(readRecording('no-such-directory').next(), { code: 'RECORDING_UNREADABLE' });

const gateway = await FakeGateway.listen();
const shard = new Shard({ token: 'fake-token', intents: 0, url: gateway.url });
assert.throws(() => registerWithXStateInspect(shard), { code: 'NO_INSPECTOR' });
const stopped = [];
globalThis.__xstate__ = {
  register: (service) => void service.onStop(() => stopped.push(service.machine.definition.id)),
};
registerWithXStateInspect(shard)();
assert.deepEqual(stopped, ['shard']);
await shard.connect();
assert.equal(shard.state, 'ready');
await shard.disconnect();
assert.equal(shard.state, 'disconnected');
console.log('import: connects to its fake gateway and leaves');

const manager = new ShardManager({ token: 'fake-token', intents: 0, api: gateway.apiUrl, shards: 1, workers: 1 });
const delivered = new Promise((resolve) => manager.onDispatch('MESSAGE_CREATE', ({ content }) => resolve(content)));
await manager.connect();
gateway.dispatch('MESSAGE_CREATE', { content: 'hello' });
assert.equal(await delivered, 'hello');
await manager.disconnect();
await gateway.close();
console.log('import: the thread of a manager is where the library looks for it');
