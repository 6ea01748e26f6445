/** The reduced simulation of large clusters: real nodes, leases, balance and gate, stand-ins for the shards. */
import { expect, test } from 'vitest';
import { printScale } from '../../simulator/cluster/scale/scale-table.ts';
import { runScale } from '../../simulator/cluster/scale/scale-run.ts';

const SIZE = { seed: 1, shards: 40, nodes: 4, maxConcurrency: 4, maxMovesPerSecond: 4, leaseTtlMs: 12_000 };

test('a cluster starts as fast as Discord lets it identify, and never identifies again', async () => {
  const { startMs, laterIdentifies } = await runScale(SIZE);
  // Ten IDENTIFYs of each key, 5 s apart, and half the time of a lease before the first.
  expect(startMs).toBeGreaterThan(45_000);
  expect(startMs).toBeLessThan(60_000);
  expect(laterIdentifies).toBe(0);
});

test('a roll-out needs no lease to end, and the loss of nodes needs one', async () => {
  const { rollOutMs, lossMs } = await runScale(SIZE);
  expect(rollOutMs).toBeLessThan(SIZE.leaseTtlMs);
  expect(lossMs).toBeGreaterThan((SIZE.leaseTtlMs * 2) / 3);
  expect(lossMs).toBeLessThan(SIZE.leaseTtlMs + 3_000);
});

test('the table has a row for each size', async () => {
  const lines: string[] = [];
  const sizes = [
    { shards: 4, nodes: 4 },
    { shards: 8, nodes: 4 },
  ];
  await printScale({ seed: 1, sizes, maxConcurrency: 16, write: (text) => void lines.push(text) });
  expect(
    lines.slice(2).map((text) =>
      text
        .split('|')
        .slice(1, 4)
        .map((cell) => cell.trim()),
    ),
  ).toEqual([
    ['4', '4', '16'],
    ['8', '4', '16'],
  ]);
});
