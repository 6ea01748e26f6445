/** Writes the published results of a cluster into docs/cluster.md. */
import { join } from 'node:path';
import { replaceBlocks } from '../report.ts';
import { capacityTable, measuredPerShard } from './capacity.ts';
import { figuresTable, machineLines } from './results.ts';
import type { ClusterResults } from './results.ts';

export const CLUSTER_DOCUMENT = join(import.meta.dirname, '..', '..', 'docs', 'cluster.md');

/** The name of the block in the document. */
export const CLUSTER_BLOCK = 'cluster';

const NOT_MEASURED = 'There are no figures of this version yet: run the command on your machine.';

function blockOf(results: ClusterResults | null): string {
  if (results === null) return NOT_MEASURED;
  const rate = measuredPerShard(results);
  return [
    machineLines(results),
    figuresTable(results),
    `With ${rate} events per second and shard:`,
    capacityTable(results, rate),
  ].join('\n\n');
}

/** Returns the document with the tables of these results; `null` says that there are none. */
export const clusterDocumentWith = (text: string, results: ClusterResults | null): string =>
  replaceBlocks(text, (name) => (name === CLUSTER_BLOCK ? blockOf(results) : undefined));
