/** `shardwright/redis`: an engine on Redis, for bots whose shards run in several processes. */
import '../protocol/require-node.ts';

export { redisEngine } from './redis-engine.ts';
export type { RedisEngineOptions } from './redis-engine.ts';
export type { RedisClientLike, RedisScriptCall, ScriptRunner } from './redis-client.ts';
