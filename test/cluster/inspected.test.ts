/** What an inspector and the status say while shards come and go. */
import { describe, expect, test } from 'vitest';
import type { InspectedManager } from '../../src/index.ts';
import { holds, liveCluster, shardsOf, until } from '../kit/live-cluster.ts';
import { virtualCluster } from '../kit/virtual-cluster.ts';

describe('a node of which shards come and go', () => {
  test('shows an inspector the shards that it holds now', async () => {
    await using cluster = await liveCluster();
    const seen: number[][] = [];
    const attachManager = (manager: InspectedManager): void => {
      manager.onServiceChange(() => seen.push([...manager.shards.keys()].toSorted((a, b) => a - b)));
    };
    const first = cluster.node('first', { inspect: { next: () => undefined, attachManager } });
    await first.manager.connect();
    expect(seen.at(-1)).toEqual([0, 1, 2, 3]);

    const second = cluster.node('second');
    await second.manager.connect();
    await until([first, second], () => holds(first, 2) && holds(second, 2));
    expect(seen.at(-1)).toEqual(shardsOf(first));

    const { total, ready, shards, cluster: status } = first.manager.status();
    expect({ total, ready, ids: shards.map(({ shardId }) => shardId) }).toEqual({
      total: 4,
      ready: 2,
      ids: shardsOf(first),
    });
    expect(status?.nodes.map(({ node }) => node)).toEqual(['first', 'second']);
  });

  test('says which node has missed a renewal, and calls none away while the engine is', async () => {
    const { clock, node, runUntil, stop } = virtualCluster();
    const [first, second] = [node('first'), node('second')];
    const facts = (): string[] =>
      (first.manager.status().cluster?.nodes ?? []).map(
        ({ node: name, isSelf, isAway }) => `${name}${isSelf ? ', self' : ''}${isAway ? ', away' : ''}`,
      );
    const joined = [first.manager.connect(), second.manager.connect()];
    await runUntil(() => first.shards.length === 1 && second.shards.length === 1);
    await runUntil(() => first.manager.state === 'running' && second.manager.state === 'running');
    await Promise.all(joined);
    expect(facts().toSorted()).toEqual(['first, self', 'second']);

    first.line.set({ isCut: true });
    await clock.advanceAsync(30_000);
    expect(facts().toSorted()).toEqual(['first, self', 'second']);
    first.line.set({ isCut: false });
    await runUntil(() => first.shards.length === 1 && second.shards.length === 1);

    second.line.set({ isCut: true });
    await runUntil(() => facts().includes('second, away'));
    await runUntil(() => facts().join() === 'first, self');
    await stop(first, second);
  });
});
