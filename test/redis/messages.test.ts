/** The messages with which Redis wakes those who wait. */
import { EventEmitter, on } from 'node:events';
import { describe, expect, onTestFinished, test } from 'vitest';
import { OWNER, SHARDS, openRedis } from '../kit/redis-rig.ts';
import { RedisServer, redisServerPath } from '../kit/redis-server.ts';

describe.skipIf(redisServerPath() === null)('the messages of Redis', () => {
  test('reach who listens again at once after the last listener has ended', async () => {
    const server = await RedisServer.start();
    onTestFinished(() => server[Symbol.asyncDispose]());
    await using rig = await openRedis({ url: server.url });
    await using other = await openRedis({ url: server.url });
    const ownership = rig.connection.ownership(SHARDS);
    const { promise: heardFirst, resolve: onFirst } = Promise.withResolvers<void>();
    const end = ownership.changes(() => onFirst());
    await heardFirst;

    end();
    const events = new EventEmitter();
    const calls = on(events, 'call');
    const stop = ownership.changes(() => events.emit('call'));
    const called = async (times: number): Promise<void> => {
      for (let call = 0; call < times; call += 1) await calls.next();
    };
    // Once for each of the two channels of a scope, because what came before is unknown.
    await called(2);
    await other.connection.ownership(SHARDS).join(OWNER);
    await called(1);
    stop();

    expect((await ownership.view()).members).toHaveLength(1);
  });
});
