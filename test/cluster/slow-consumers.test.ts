/** Shards that move while consumers of dispatches() have not taken everything. */
import { describe, expect, test } from 'vitest';
import { holds, liveCluster, shardsOf, until } from '../kit/live-cluster.ts';
import type { LiveNode } from '../kit/live-cluster.ts';

/** Takes `count` messages of a stream. */
async function take(
  stream: AsyncIterableIterator<{ readonly d: { readonly id: string } }>,
  count: number,
): Promise<string[]> {
  const ids: string[] = [];
  while (ids.length < count) {
    const { value, done } = await stream.next();
    if (done === true) break;
    ids.push(value.d.id);
  }
  return ids;
}

const messagesOf = ({ manager }: LiveNode) => manager.dispatches({ events: ['MESSAGE_CREATE'] });

describe('what waits in a stream when a shard moves', () => {
  test('is delivered by the node that has received it, if that node goes on', async () => {
    await using cluster = await liveCluster({ gateway: { shards: 2 } });
    const first = cluster.node('first');
    const stream = messagesOf(first);
    await first.manager.connect();
    const sent = [...cluster.sendToAll(2), ...cluster.sendToAll(2)];
    await until([first], () => cluster.handled.length === sent.length);

    const second = cluster.node('second');
    await second.manager.connect();
    await until([first, second], () => holds(first, 1) && holds(second, 1));

    expect((await take(stream, sent.length)).toSorted()).toEqual(sent);
    expect(cluster.handled).toHaveLength(sent.length);
    await stream.return?.();
  });

  test('is delivered by the next node if its node stops', async () => {
    await using cluster = await liveCluster({ gateway: { shards: 1 } });
    const first = cluster.node('first');
    const second = cluster.node('second');
    const [slow, next] = [messagesOf(first), messagesOf(second)];
    await first.manager.connect();
    await second.manager.connect();
    const sent = [...cluster.sendToAll(1), ...cluster.sendToAll(1), ...cluster.sendToAll(1)];
    await until([first], () => cluster.handled.length === sent.length);
    const taken = await take(slow, 1);

    await first.manager.disconnect();
    await until([second], () => shardsOf(second).length === 1);
    expect([...taken, ...(await take(next, 2))]).toEqual(sent);
    expect(await take(slow, 1)).toEqual([]);
    await next.return?.();
  });
});
