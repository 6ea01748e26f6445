/** How a process hears that streams have something new. */
import { expect, test } from 'vitest';
import type { Lease } from '../../src/cluster/ports/ownership.ts';
import { RedisKeyspace } from '../../src/redis/redis-keys.ts';
import type { RedisContext } from '../../src/redis/redis-context.ts';
import type { MessageListener } from '../../src/redis/redis-messages.ts';
import { Wakes } from '../../src/redis/wakes.ts';
import { VirtualClock } from '../../src/testing/virtual-clock.ts';

const leaseOf = (shardId: number): Lease => ({
  scope: { kind: 'group', group: 'all' },
  shardId,
  instance: 'reader',
  fence: 1,
});

/** Wakes on channels that note who listens. */
function watching(channel: 'streamNews' | 'queueNews' = 'streamNews') {
  const clock = new VirtualClock();
  const listeners = new Map<string, MessageListener>();
  const calls: string[] = [];
  const keyspace = new RedisKeyspace('bot', 1);
  const context = {
    link: { clock, signal: new AbortController().signal },
    keyspace,
    messages: {
      subscribe: (channel: string, listener: MessageListener) => {
        calls.push(`subscribe ${channel}`);
        listeners.set(channel, listener);
        return () => {
          calls.push(`unsubscribe ${channel}`);
          listeners.delete(channel);
        };
      },
    },
  } as unknown as RedisContext;
  const channelOf = (shardId: number): string => keyspace.of(shardId).streamNews(shardId);
  return {
    clock,
    calls,
    channelOf,
    wakes: new Wakes(context, { channel, hasNews: () => Promise.resolve(false) }),
    append: (shardId: number) => listeners.get(channelOf(shardId))?.('stream'),
  };
}

const WAIT = { timeoutMs: 5_000, signal: new AbortController().signal };

test('A shard that is read while others are waited for stays subscribed', async () => {
  const { wakes, calls, channelOf, append } = watching();
  for (let read = 0; read < 3; read += 1) {
    const both = wakes.wait([leaseOf(0), leaseOf(1)], WAIT);
    append(0);
    expect(await both).toEqual([0]);
    wakes.clear(leaseOf(0));
    const other = wakes.wait([leaseOf(1)], WAIT);
    append(1);
    expect(await other).toEqual([1]);
    wakes.clear(leaseOf(1));
  }
  expect(calls).toEqual([`subscribe ${channelOf(0)}`, `subscribe ${channelOf(1)}`]);
});

test('What is appended while a shard is read is found by the next wait', async () => {
  const { wakes, append } = watching();
  const first = wakes.wait([leaseOf(0)], WAIT);
  append(0);
  await first;
  wakes.clear(leaseOf(0));
  append(0);
  expect(await wakes.wait([leaseOf(0)], WAIT)).toEqual([0]);
});

test('A shard that no call waits for any more is unsubscribed', async () => {
  const { clock, wakes, calls, channelOf } = watching();
  const waited = wakes.wait([leaseOf(0)], WAIT);
  await clock.advanceAsync(WAIT.timeoutMs);
  expect(await waited).toEqual([]);
  await clock.advanceAsync(60_000);
  expect(calls).toEqual([`subscribe ${channelOf(0)}`, `unsubscribe ${channelOf(0)}`]);
});

test('A node that waits for the commands of a shard does not hear of its stream, which has news all the time', async () => {
  const { clock, wakes, append } = watching('queueNews');
  const waited = wakes.wait([leaseOf(0)], WAIT);
  append(0);
  await clock.advanceAsync(WAIT.timeoutMs);
  expect(await waited).toEqual([]);
});
