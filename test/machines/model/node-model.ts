/** The chart of a node as a model: every event that may happen, and those that only a bug would send. */
import type { SnapshotFrom } from 'xstate';
import { nodeMachine } from '../../../machines/index.ts';
import type { NodeEvent, NodeInput } from '../../../machines/index.ts';
import { exploreTimed } from '../../../src/testing/index.ts';
import type { TimedGraph } from '../../../src/testing/index.ts';

export type NodeMachine = typeof nodeMachine;
export type NodeSnapshot = SnapshotFrom<NodeMachine>;

export const INPUT: NodeInput = { leaseTtlMs: 12_000, closeTimeoutMs: 5_000 };

const failure = { code: 'ENGINE_INVALID', message: 'too old' };

/** Every event that may happen. */
export const POSSIBLE_EVENTS: readonly NodeEvent[] = [
  { type: 'node.leave' },
  { type: 'engine.opened' },
  { type: 'engine.refused', failure },
  { type: 'entry.done' },
  { type: 'entry.failed' },
  { type: 'renewal.done' },
  { type: 'renewal.failed' },
  { type: 'look.done', isWatchful: true },
  { type: 'look.done', isWatchful: false },
  { type: 'look.failed' },
  { type: 'engine.reachable' },
  { type: 'cluster.changed' },
  { type: 'handOver.done' },
  { type: 'departure.done' },
  { type: 'process.woke' },
];

/** Events that only a bug would send. Some violate the types. */
export const MALFORMED_EVENTS = [
  { type: 'engine.refused' },
  { type: 'look.done' },
  { type: 'look.done', isWatchful: null },
  { type: 'node.unheardOf' },
  { type: '' },
] as unknown as readonly NodeEvent[];

const key = ({ context: { isWatchful } }: NodeSnapshot): string => JSON.stringify(isWatchful);

export const exploreNode = (machine: NodeMachine = nodeMachine): TimedGraph<NodeMachine> =>
  exploreTimed(machine, { inputs: [INPUT], events: () => POSSIBLE_EVENTS, key });
