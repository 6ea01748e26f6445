/**
 * Sorts the cells of the grid: in a cluster by the node that holds each shard, with worker threads by thread, otherwise
 * all in one group.
 */
import type { ClusterSummary, ManagerSummary, NodeSummary, ShardSummary } from '../../messages.ts';

/** One cell. Shards of other nodes have no summary: their state is known only there. */
export interface GridCell {
  /** The same while the shard moves from node to node. */
  readonly id: string;
  readonly shardId: number;
  /** The key of a shard that runs here. */
  readonly key: string | null;
  /** The name of the node that holds it, or of its thread; `null` if none does. */
  readonly node: string | null;
  /** Whether that node runs in this process. */
  readonly isHere: boolean;
}

export interface CellGroup {
  readonly id: string;
  /** `null` for the shards that no node holds. */
  readonly node: string | null;
  /** Words such as `this node` and `draining`. */
  readonly facts: readonly string[];
  readonly cells: readonly GridCell[];
}

interface GroupedModel {
  readonly managers: ReadonlyMap<string, ManagerSummary>;
  readonly shards: ReadonlyMap<string, ShardSummary>;
}

const idOf = ({ node, joinedAt }: NodeSummary): string => `${joinedAt}/${node}`;

export const sortedShards = (shards: Iterable<ShardSummary>): ShardSummary[] =>
  [...shards].toSorted((a, b) => a.shardId - b.shardId || (a.key < b.key ? -1 : 1));

const liveCell = ({ key, shardId }: ShardSummary, id: string, node: string): GridCell => ({
  id,
  shardId,
  key,
  node,
  isHere: true,
});

const factsOf = ({ isSelf, isDraining, isAway, isStalled = false }: NodeSummary): string[] => [
  ...(isSelf ? ['this node'] : []),
  ...(isDraining ? ['draining'] : []),
  ...(isAway ? ['away'] : []),
  ...(isStalled ? ['stalled'] : []),
];

/** The nodes that managers of this inspector are, with the shards that run here. */
class RunningNodes {
  readonly #shards = new Map<string, ShardSummary[]>();
  readonly #ids = new Set<number>();

  add(cluster: ClusterSummary, shards: GroupedModel['shards']): void {
    const self = cluster.nodes.find(({ isSelf }) => isSelf) ?? namelessSelf(cluster);
    const running = cluster.running.flatMap((key) => shards.get(key) ?? []);
    this.#shards.set(idOf(self), running);
    for (const { shardId } of running) this.#ids.add(shardId);
  }

  of(id: string): readonly ShardSummary[] | undefined {
    return this.#shards.get(id);
  }

  has(shardId: number): boolean {
    return this.#ids.has(shardId);
  }
}

/** Returns the groups of one cluster, of which several managers of this inspector may be nodes. */
function groupsOfCluster(
  clusters: readonly ClusterSummary[],
  prefix: string,
  shards: GroupedModel['shards'],
): CellGroup[] {
  const running = new RunningNodes();
  for (const cluster of clusters) running.add(cluster, shards);
  const [newest] = clusters;
  if (newest === undefined) return [];
  const nodes = new Map<string, NodeSummary>();
  for (const cluster of clusters) {
    const known = cluster.nodes.some(({ isSelf }) => isSelf)
      ? cluster.nodes
      : [...cluster.nodes, namelessSelf(cluster)];
    for (const node of known) {
      const id = idOf(node);
      const before = nodes.get(id);
      nodes.set(id, before === undefined ? node : { ...before, isSelf: before.isSelf || node.isSelf });
    }
  }
  const groups = [...nodes].map(([id, node]) => {
    const live = (running.of(id) ?? []).map((shard) => liveCell(shard, `${prefix}${shard.shardId}`, node.node));
    const others = node.shards
      .filter((shardId) => !running.has(shardId))
      .map((shardId) => ({
        id: `${prefix}${shardId}`,
        shardId,
        key: null,
        node: node.node,
        isHere: running.of(id) !== undefined,
      }));
    const cells = [...live, ...others].toSorted((a, b) => a.shardId - b.shardId);
    return { id: `${prefix}${id}`, node: node.node, facts: factsOf(node), cells };
  });
  const unowned = newest.unowned
    .filter((shardId) => !running.has(shardId))
    .map((shardId) => ({ id: `${prefix}${shardId}`, shardId, key: null, node: null, isHere: false }));
  return [...groups, { id: `${prefix}unowned`, node: null, facts: [], cells: unowned }];
}

/** A node that has not seen itself among the members yet. */
const namelessSelf = ({ node }: ClusterSummary): NodeSummary => ({
  node,
  joinedAt: 0,
  shards: [],
  isSelf: true,
  isDraining: false,
  isAway: false,
});

/** Whether the groups are nodes. */
export const isCluster = ({ managers }: Pick<GroupedModel, 'managers'>): boolean =>
  [...managers.values()].some(({ cluster = null }) => cluster !== null);

/** Stands for the main thread among the numbers of worker threads, before all others. */
const MAIN_THREAD = -1;

/** Returns a group for each thread; `null` if all shards run in the main thread. */
function groupsOfWorkers(shards: GroupedModel['shards']): CellGroup[] | null {
  const byThread = Map.groupBy(sortedShards(shards.values()), ({ worker = MAIN_THREAD }) => worker);
  if ([...byThread.keys()].every((worker) => worker === MAIN_THREAD)) return null;
  return [...byThread]
    .toSorted(([a], [b]) => a - b)
    .map(([worker, own]) => {
      const node = worker === MAIN_THREAD ? 'main thread' : `worker ${worker}`;
      return { id: node, node, facts: [], cells: own.map((shard) => liveCell(shard, shard.key, node)) };
    });
}

/** Returns the groups of the grid; `null` without a cluster and without worker threads. */
export function cellGroupsOf({ managers, shards }: GroupedModel): CellGroup[] | null {
  const found = [...managers.values()].flatMap(({ cluster }) => cluster ?? []);
  if (found.length === 0) return groupsOfWorkers(shards);
  const groups = byCluster(found).flatMap((same, index) => groupsOfCluster(same, `${index}:`, shards));
  const shown = new Set(groups.flatMap(({ cells }) => cells.map(({ key }) => key)));
  const rest = sortedShards(shards.values()).filter(({ key }) => !shown.has(key));
  if (rest.length === 0) return groups;
  const cells = rest.map(({ key, shardId }) => ({ id: key, shardId, key, node: null, isHere: true }));
  return [...groups, { id: 'rest', node: 'without a cluster', facts: [], cells }];
}

/** Managers that see the same node are nodes of the same cluster. */
function byCluster(clusters: readonly ClusterSummary[]): ClusterSummary[][] {
  const found: { readonly ids: Set<string>; readonly clusters: ClusterSummary[] }[] = [];
  for (const cluster of clusters) {
    const ids = cluster.nodes.map(idOf);
    const same = found.find((each) => ids.some((id) => each.ids.has(id)));
    if (same === undefined) found.push({ ids: new Set(ids), clusters: [cluster] });
    else {
      same.clusters.push(cluster);
      for (const id of ids) same.ids.add(id);
    }
  }
  return found.map((each) => each.clusters);
}
