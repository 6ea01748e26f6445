/** The table of cases of a cluster. Cases of one kind are measured in turn, so that a busy moment affects all of them. */
import { backlog, commits, consume, look, spread, takeOver } from './scenarios.ts';
import type { ClusterScenario } from './scenarios.ts';
import type { ClusterSettings } from './settings.ts';

export interface ClusterCase {
  readonly id: string;
  readonly kind: keyof ClusterSettings['rounds'];
  readonly measure: ClusterScenario;
}

export const CLUSTER_CASES = [
  { id: 'backlog/alone', kind: 'backlog', measure: backlog('alone') },
  { id: 'backlog/node', kind: 'backlog', measure: backlog('node') },
  { id: 'backlog/publish', kind: 'backlog', measure: backlog('publish') },
  { id: 'spread/node', kind: 'spread', measure: spread('node') },
  { id: 'spread/publish', kind: 'spread', measure: spread('publish') },
  { id: 'commit/1', kind: 'commit', measure: commits({ inFlight: 1, batch: 1 }) },
  { id: 'commit/32', kind: 'commit', measure: commits({ inFlight: 32, batch: 1 }) },
  { id: 'commit/64', kind: 'commit', measure: commits({ inFlight: 64, batch: 1 }) },
  { id: 'commit/batches', kind: 'commit', measure: commits({ inFlight: 32, batch: 32 }) },
  { id: 'consume', kind: 'commit', measure: consume },
  { id: 'look', kind: 'commit', measure: look },
  { id: 'take-over', kind: 'takeOver', measure: takeOver },
] as const satisfies readonly ClusterCase[];

export type ClusterCaseId = (typeof CLUSTER_CASES)[number]['id'];
