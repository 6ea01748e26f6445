/** A node that leaves a cluster, on virtual time. */
import { describe, expect, test } from 'vitest';
import { virtualCluster } from '../kit/virtual-cluster.ts';

describe('a node that leaves', () => {
  test('is no member afterwards, also if its shards are handed over in the last moment', async () => {
    const { clock, gateway, node, runUntil, stop } = virtualCluster({ shards: 2 });
    const [leaving, other] = [node('leaving'), node('other')];
    const connected = Promise.all([leaving, other].map(({ manager }) => manager.connect()));
    await runUntil(() => [leaving, other].every(({ manager }) => manager.status().ready === 1));
    await connected;
    leaving.line.set({ requestDelayMs: 40, answerDelayMs: 40 });
    // Nobody takes the shard, and the socket closes just before the node has to go.
    other.line.set({ isCut: true });
    gateway.answers.close = false;
    const left = leaving.manager.disconnect();
    await clock.advanceAsync(4_500);
    leaving.sockets.at(-1)!.end(4_000);
    await clock.advanceAsync(1_500);
    await left;
    gateway.answers.close = true;
    other.line.set({ isCut: false });
    await runUntil(() => other.manager.status().cluster?.isReachable === true && other.shards.length === 2);

    expect(other.manager.status().cluster?.nodes.map((each) => each.node)).toEqual(['other']);
    await stop(other);
  });
});
