/** How fast shards move to another node. On virtual time. */
import { expect, test } from 'vitest';
import { virtualCluster } from '../kit/virtual-cluster.ts';

test.each([1, 4])('1: shards move to a node that joins, %i a second', async (maxMovesPerSecond) => {
  const { clock, node, runUntil } = virtualCluster({ shards: 8, manager: { rebalance: { maxMovesPerSecond } } });
  const first = node('first');
  const moves: number[] = [];
  first.manager.on('released', () => void moves.push(clock.now()));
  const connected = first.manager.connect();
  await runUntil(() => first.manager.status().ready === 8);
  await connected;
  const second = node('second');
  const joined = second.manager.connect();
  await runUntil(() => second.manager.status().ready === 4);
  await joined;

  const pauses = moves.slice(1).map((at, index) => at - (moves[index] ?? 0));
  expect(pauses).toHaveLength(3);
  // The engine answers in 2 ms, and a socket closes in a few.
  for (const pause of pauses) expect(Math.abs(pause - 1_000 / maxMovesPerSecond)).toBeLessThan(20);
});
