/** The reduced simulation of large clusters: real nodes, leases, balance and gate, stand-ins for the shards. */
import { expect, test, vi } from 'vitest';
import { printScale } from '../../simulator/cluster/scale/scale-table.ts';
import { MemoryOwnership } from '../../src/cluster/memory/memory-ownership.ts';
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

test('a node does not read who has what whenever a shard moves between others', async () => {
  using view = vi.spyOn(MemoryOwnership.prototype, 'view');
  const { startMs, rollOutMs, lossMs } = await runScale({ ...SIZE, shards: 160, nodes: 16, maxConcurrency: 16 });
  const seconds = (startMs + rollOutMs + lossMs) / 1_000;
  // About once a second while shards start and move, and more often only while a node waits for shards.
  expect(view.mock.calls.length / seconds / 16).toBeLessThan(2);
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
