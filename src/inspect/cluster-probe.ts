/**
 * Observes the cluster of one manager that is a node of one. Its status and its groups of consumers are read only while a
 * page is open. They come from an engine that need not be ours, so what they say is cut to what a page can show.
 */
import { util } from '../node-modules.ts';
import type { ClusterStatus, GroupStatus, NodeStatus } from '../cluster/node/node-host.ts';
import type { InspectedManager } from '../manager/inspected-manager.ts';
import { printable } from '../protocol/printable.ts';
import type { ClusterSummary, GroupSummary, NodeSummary } from './messages.ts';

/** Without an event, this is how old the status may be. */
const READ_EVERY_MS = 250;
/** Each time costs the engine a look at every stream. */
const READ_GROUPS_EVERY_MS = 5_000;
const MAX_NODES = 200;
const MAX_SHARDS = 20_000;
const MAX_NAME_LENGTH = 128;

interface ClusterProbeDependencies {
  readonly manager: InspectedManager;
  now(): number;
  /** The keys of the shards that run here. */
  running(): string[];
}

/** An engine of your own may have given something else than a string. */
const nameOf = (name: unknown): string => printable(String(name).slice(0, MAX_NAME_LENGTH));

const toNode = ({ node, joinedAt, shards, isDraining, isSelf, isAway, isStalled }: NodeStatus): NodeSummary => ({
  node: nameOf(node),
  joinedAt,
  shards: shards.slice(0, MAX_SHARDS),
  isDraining,
  isSelf,
  isAway,
  isStalled,
});

const toGroup = ({ group, lag, pending, deadLetters }: GroupStatus): GroupSummary => ({
  group: nameOf(group),
  lag,
  pending,
  deadLetters,
});

export class ClusterProbe {
  readonly #dependencies: ClusterProbeDependencies;
  #summary: ClusterSummary | null = null;
  #readAt = -Infinity;
  #groups: readonly GroupSummary[] = [];
  #groupsReadAt = -Infinity;
  #isReadingGroups = false;

  constructor(dependencies: ClusterProbeDependencies) {
    this.#dependencies = dependencies;
  }

  /** The same object until something has changed; `null` while the manager is no node. */
  get summary(): ClusterSummary | null {
    const now = this.#dependencies.now();
    if (now - this.#readAt < READ_EVERY_MS) return this.#summary;
    this.#readAt = now;
    const { cluster } = this.#dependencies.manager;
    const summary = cluster === null ? null : this.#toSummary(cluster);
    if (!util.isDeepStrictEqual(summary, this.#summary)) this.#summary = summary;
    return this.#summary;
  }

  /** The cluster has changed: it is read again when it is asked for next. */
  invalidate(): void {
    this.#readAt = -Infinity;
  }

  /** Asks the engine for the groups of consumers, now and then. To be called only while a page is open. */
  pollGroups(): void {
    const now = this.#dependencies.now();
    const isDue = now - this.#groupsReadAt >= READ_GROUPS_EVERY_MS;
    if (this.#isReadingGroups || !isDue || this.#dependencies.manager.cluster?.isReachable !== true) return;
    this.#groupsReadAt = now;
    this.#isReadingGroups = true;
    void this.#readGroups();
  }

  async #readGroups(): Promise<void> {
    try {
      const groups = (await this.#dependencies.manager.readGroups()).map(toGroup);
      if (util.isDeepStrictEqual(groups, this.#groups)) return;
      this.#groups = groups;
      this.invalidate();
    } catch {
      // The engine is away, which the page shows. What it said last stays.
    } finally {
      this.#isReadingGroups = false;
    }
  }

  #toSummary({ node, engine, isReachable, nodes, unowned }: ClusterStatus): ClusterSummary {
    return {
      node: nameOf(node),
      engine: nameOf(engine),
      isReachable,
      nodes: nodes.slice(0, MAX_NODES).map(toNode),
      unowned: unowned.slice(0, MAX_SHARDS),
      running: this.#dependencies.running(),
      groups: this.#groups,
    };
  }
}
