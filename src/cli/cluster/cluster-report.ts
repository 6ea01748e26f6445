/** What `shardwright status --redis` says of a cluster: its nodes with their shards, and its groups of consumers. */
import type { EngineConnection } from '../../cluster/ports/engine.ts';
import type { OwnershipView } from '../../cluster/ports/ownership.ts';
import { GatewayError } from '../../protocol/errors.ts';
import { VERSION } from '../../version.ts';
import { ReportError } from '../status/report.ts';
import type { ClusterAddress } from './open-cluster.ts';

/** Times are in ms since the epoch, on the clock of Redis. */
export interface ReportedNode {
  readonly node: string;
  /** Different for every start of every process. */
  readonly instance: string;
  readonly shards: readonly number[];
  readonly joinedAt: number;
  readonly lastSeenAt: number;
  readonly isDraining: boolean;
  readonly isStalled: boolean;
}

export interface ReportedGroup {
  readonly group: string;
  readonly consumers: number;
  /** Delivered and not acknowledged. */
  readonly pending: number;
  /** Not delivered yet. */
  readonly lag: number;
  readonly deadLetters: number;
}

export interface ClusterReport {
  readonly format: 'shardwright-cluster';
  readonly formatVersion: 1;
  readonly shardwright: string;
  readonly app: string;
  /** When this was read, in ms since the epoch. */
  readonly at: number;
  /** The shard count of the bot; `null` before the first node. */
  readonly total: number | null;
  readonly nodes: readonly ReportedNode[];
  /** The shards that no node holds. */
  readonly unowned: readonly number[];
  readonly groups: readonly ReportedGroup[];
}

/** The nodes of a view, each with its shards. */
export const nodesIn = ({ members, shards }: OwnershipView): ReportedNode[] =>
  members.map(({ name: node, instance, joinedAt, lastSeenAt, isDraining, isStalled }) => ({
    node,
    instance,
    shards: shards.filter(({ owner }) => owner === instance).map(({ shardId }) => shardId),
    joinedAt,
    lastSeenAt,
    isDraining,
    isStalled,
  }));

/** Every shard of the bot has a node. */
export const isClusterHealthy = ({ total, unowned }: ClusterReport): boolean => total !== null && unowned.length === 0;

/** Rejects with a ReportError if Redis does not answer. */
export async function readCluster(connection: EngineConnection, { app }: ClusterAddress): Promise<ClusterReport> {
  try {
    const [plan, view, groups] = await Promise.all([
      connection.plan(),
      connection.ownership({ kind: 'shards' }).view(),
      connection.log.groups(),
    ]);
    return {
      format: 'shardwright-cluster',
      formatVersion: 1,
      shardwright: VERSION,
      app,
      at: Date.now(),
      total: plan?.total ?? null,
      nodes: nodesIn(view),
      unowned: view.shards.filter(({ owner }) => owner === null).map(({ shardId }) => shardId),
      groups: await Promise.all(groups.map((group) => readGroup(connection, group))),
    };
  } catch (cause) {
    if (!(cause instanceof GatewayError) || cause.code !== 'ENGINE_UNAVAILABLE') throw cause;
    throw new ReportError('NO_ANSWER', `${cause.message}; check --redis`, { cause });
  }
}

async function readGroup(connection: EngineConnection, group: string): Promise<ReportedGroup> {
  const [{ shards, deadLetters }, { members }] = await Promise.all([
    connection.log.status(group),
    connection.ownership({ kind: 'group', group }).view(),
  ]);
  return {
    group,
    consumers: members.length,
    pending: shards.reduce((sum, { pending }) => sum + pending, 0),
    lag: shards.reduce((sum, { lag }) => sum + lag, 0),
    deadLetters,
  };
}
