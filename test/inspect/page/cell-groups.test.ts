import { describe, expect, test } from 'vitest';
import type { ClusterSummary, ManagerSummary, NodeSummary, ShardSummary } from '../../../src/inspect/messages.ts';
import { cellGroupsOf } from '../../../src/inspect/page/grid/cell-groups.ts';
import { groupedLayout, plainLayout } from '../../../src/inspect/page/grid/cell-layout.ts';

const shard = (key: string): ShardSummary => ({
  key,
  shardId: Number.parseInt(key, 10),
  shardCount: 6,
  state: 'ready',
  since: 0,
  pingMs: null,
  dispatchesPerSecond: 0,
  sequence: null,
  lastDispatchAt: null,
  pendingSends: 0,
  sendWindow: null,
});

const node = (name: string, shards: readonly number[], self: string, joinedAt = 1): NodeSummary => ({
  node: name,
  joinedAt,
  shards,
  isDraining: false,
  isSelf: name === self,
  isAway: false,
});

const cluster = (self: string, running: readonly string[], rest: Partial<ClusterSummary>): ClusterSummary => ({
  node: self,
  engine: 'memory',
  isReachable: true,
  nodes: [],
  unowned: [],
  running,
  groups: [],
  ...rest,
});

/** Returns the groups as `thread: shards`, from the number of the thread of each shard. */
const inThreads = (workers: readonly (number | undefined)[]) =>
  cellGroupsOf({
    managers: new Map(),
    shards: new Map(
      workers.map((worker, id) => [String(id), { ...shard(String(id)), ...(worker === undefined ? {} : { worker }) }]),
    ),
  })?.map(({ node: name, cells }) => `${name}: ${cells.map(({ shardId }) => shardId).join(' ')}`) ?? null;

describe('Shards in worker threads', () => {
  test('are grouped by thread', () => {
    expect(inThreads([1, 0, 1, 0, 0])).toEqual(['worker 0: 1 3 4', 'worker 1: 0 2']);
  });

  test('stand beside those of the main thread', () => {
    expect(inThreads([undefined, 0])).toEqual(['main thread: 0', 'worker 0: 1']);
  });

  test('are one group without worker threads', () => {
    expect(inThreads([undefined, undefined])).toBeNull();
  });
});

/** Returns the groups as `node: cells`; a cell with a dot is of another node. */
function shown(clusters: readonly (ClusterSummary | null)[], shards: readonly string[]): string[] | null {
  const managers = clusters.map((each, index): [string, ManagerSummary] => [
    `manager#${index}`,
    {
      key: `manager#${index}`,
      state: 'running',
      since: 0,
      total: 6,
      ready: 0,
      shards: 0,
      resharding: null,
      cluster: each,
    },
  ]);
  const groups = cellGroupsOf({
    managers: new Map(managers),
    shards: new Map(shards.map((key) => [key, shard(key)])),
  });
  return (
    groups?.map(({ node: name, cells }) =>
      `${name ?? '-'}: ${cells.map(({ key, shardId }) => key ?? `.${shardId}`).join(' ')}`.trim(),
    ) ?? null
  );
}

/** Returns the ids of the cells in each group. */
function idsOf(nodes: readonly NodeSummary[], running: readonly string[]): string[][] {
  const manager = { key: 'm', state: 'running', since: 0, total: 2, ready: 0, shards: 0, resharding: null } as const;
  const groups = cellGroupsOf({
    managers: new Map([['m', { ...manager, cluster: cluster('a', running, { nodes }) }]]),
    shards: new Map(running.map((key) => [key, shard(key)])),
  });
  return groups!.map(({ cells }) => cells.map(({ id }) => id));
}

describe('cellGroupsOf', () => {
  test('there are no groups without a cluster', () => {
    expect(shown([null], ['0', '1'])).toBeNull();
  });

  test('each shard is in one group, whatever is older: the shards that run here or the view of the engine', () => {
    const nodes = [node('a', [0, 1, 4], 'a'), node('b', [2, 3], 'a')];
    // Shard 3 was claimed since, shard 4 was released.
    expect(shown([cluster('a', ['0', '1', '3'], { nodes, unowned: [5] })], ['0', '1', '3'])).toEqual([
      'a: 0 1 3 .4',
      'b: .2',
      '-: .5',
    ]);
  });

  test('a node that the engine has not named yet has a group', () => {
    expect(shown([cluster('a', ['0'], { nodes: [node('b', [1], 'a')] })], ['0'])).toEqual(['b: .1', 'a: 0', '-:']);
  });

  test('two managers that are nodes of one cluster share its groups', () => {
    const views = ['a', 'b'].map((self) => [node('a', [0, 1], self), node('b', [2], self), node('c', [3], self)]);
    const clusters = [
      cluster('a', ['0', '1'], { nodes: views[0]!, unowned: [4, 5] }),
      cluster('b', ['2', '4#2'], { nodes: views[1]!, unowned: [4, 5] }),
    ];
    expect(shown(clusters, ['0', '1', '2', '4#2'])).toEqual(['a: 0 1', 'b: 2 4#2', 'c: .3', '-: .5']);
  });

  test('nodes of one name are two groups, and shards beside the cluster have their own', () => {
    const nodes = [node('a', [0], 'a', 1), { ...node('a', [1], 'a', 2), isSelf: false }];
    expect(shown([cluster('a', ['0'], { nodes })], ['0', '7'])).toEqual([
      'a: 0',
      'a: .1',
      '-:',
      'without a cluster: 7',
    ]);
  });

  test('a cell keeps its id when its shard moves', () => {
    expect(idsOf([node('a', [0, 1], 'a'), node('b', [], 'a')], ['0', '1'])).toEqual([['0:0', '0:1'], [], []]);
    expect(idsOf([node('a', [0], 'a'), node('b', [1], 'a')], ['0'])).toEqual([['0:0'], ['0:1'], []]);
  });
});

describe('groupedLayout', () => {
  test.each([
    [[5, 4, 3, 0], 1_300],
    [[5, 4, 3, 0], 300],
    [[400, 300, 300, 7], 1_300],
    [[1_000, 0, 3_000], 300],
  ])('groups of %j cells fit into %i px, and each cell is found in the box of its group', (counts, width) => {
    const layout = groupedLayout(counts, width);
    const groupOf = counts.flatMap((count, group) => Array.from({ length: count }, () => group));
    for (const [index, group] of groupOf.entries()) {
      const { x, y } = layout.positionOf(index);
      const box = layout.boxes[group]!;
      expect(layout.indexAt(x + layout.cellWidth / 2, y + layout.cellHeight / 2)).toBe(index);
      expect([x >= box.x, x + layout.cellWidth <= box.x + box.width]).toEqual([true, true]);
      expect([y >= box.y, y + layout.cellHeight <= box.y + box.height]).toEqual([true, true]);
    }
    const ends = layout.boxes.map(({ x, width: own }) => x + own);
    expect(Math.max(...ends)).toBeLessThanOrEqual(width);
    expect(layout.boxes.at(-1)!.y + layout.boxes.at(-1)!.height).toBe(layout.height);
  });

  test('left and right go through all groups, up and down stay in a group while it has cells there', () => {
    const layout = groupedLayout([12, 12, 1], 520);
    const moves = (index: number): number[] =>
      ['ArrowLeft', 'ArrowRight', 'ArrowUp', 'ArrowDown', 'Home', 'End'].map((key) => layout.move(index, key));
    expect(layout.boxes.map(({ x }) => x)).toEqual([0, 265, 0]);
    expect(moves(0)).toEqual([0, 1, 0, 5, 0, 24]);
    expect(moves(11)).toEqual([10, 12, 6, 24, 0, 24]);
    expect(moves(17)).toEqual([16, 18, 12, 22, 0, 24]);
    expect(moves(24)).toEqual([23, 24, 10, 24, 0, 24]);
  });

  test('without groups the cells are where they always were', () => {
    const { width, height, boxes, rowNumbers } = plainLayout(1_000, 1_400);
    expect({ width, height, boxes, numbers: rowNumbers.map(({ index }) => index).slice(0, 3) }).toEqual({
      width: 1_365,
      height: 270,
      boxes: [],
      numbers: [0, 70, 140],
    });
  });
});
