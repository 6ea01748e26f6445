/** `shardwright drain`: asks a node of a cluster to hand its shards over, and waits until it has. */
import { setTimeout as sleep } from 'node:timers/promises';
import type { EngineConnection } from '../cluster/ports/engine.ts';
import { GatewayError } from '../protocol/errors.ts';
import { formatCount } from '../inspect/page/model/format.ts';
import type { Command } from './command.ts';
import { nodesIn } from './cluster/cluster-report.ts';
import type { ReportedNode } from './cluster/cluster-report.ts';
import { CLUSTER_OPTIONS, clusterAddressFrom, openCluster } from './cluster/open-cluster.ts';
import { interruptSignal } from './interrupt.ts';
import { OutputLog, wallClock } from './output-log.ts';

const LOOK_EVERY_MS = 500;

const HELP = `Usage: shardwright drain NODE --redis URL --app NAME

Asks a node of a cluster (docs/cluster.md) to hand its shards over to the other nodes, and
waits until it has done so. Each shard moves by RESUME, so it loses nothing and uses no
session start. They move at the pace of the nodes (rebalance.maxMovesPerSecond, 4).

NODE is the name of the node, as shardwright status shows it, or its instance, as the
JSON of shardwright status has it. Of several nodes with one name it asks all.

A node that drains takes no shard until its process starts again. It still runs: stop
the process when you like. A node with a fixed list of shards can't be drained.

Options:
      --redis URL  the Redis of the cluster, such as redis://127.0.0.1:6379
      --app NAME   the app that the nodes pass to redisEngine()
  -h, --help       print this help

Exit codes: 0 the node holds no shard; 1 there is no such node, no other node to take its
shards, or no answer, or closed by Ctrl-C (the node goes on); 2 an option is wrong.
`;

const sum = (nodes: readonly ReportedNode[]): number => nodes.reduce((total, { shards }) => total + shards.length, 0);

/** Asks the nodes of that name, and resolves with their instances. @throws Error if that is of no use */
async function ask(connection: EngineConnection, name: string): Promise<ReadonlySet<string>> {
  const ownership = connection.ownership({ kind: 'shards' });
  const nodes = nodesIn(await ownership.view());
  const chosen = new Set(
    nodes.filter(({ node, instance }) => node === name || instance === name).map(({ instance }) => instance),
  );
  if (chosen.size === 0) {
    const names = [...new Set(nodes.map(({ node }) => node))];
    throw new Error(
      `there is no such node${names.length === 0 ? '; no node has joined' : `; it has ${names.join(', ')}`}`,
    );
  }
  if (!nodes.some(({ instance, isDraining }) => !isDraining && !chosen.has(instance)))
    throw new Error('no other node could take its shards; start one first');
  for (const instance of chosen) await ownership.drain(instance);
  return chosen;
}

export const drain: Command = {
  options: CLUSTER_OPTIONS,
  argument: 'NODE',
  help: HELP,
  async run(values, name) {
    const address = clusterAddressFrom('drain', values);
    using signal = interruptSignal();
    const output = new OutputLog(wallClock);
    const connection = await openCluster('drain', address, signal);
    try {
      const chosen = await ask(connection, name);
      let left = -1;
      while (!signal.aborted) {
        const nodes = nodesIn(await connection.ownership({ kind: 'shards' }).view());
        const before = left;
        left = sum(nodes.filter(({ instance }) => chosen.has(instance)));
        if (left === 0) {
          output.log('ready', `${name} holds no shard; stop its process when you like`);
          return 0;
        }
        if (left !== before) output.log('state', `${name} hands over ${formatCount(left, 'shard')}`);
        await sleep(LOOK_EVERY_MS, undefined, { signal }).catch(() => undefined);
      }
      output.log('notice', `${name} goes on handing over`);
      return 1;
    } catch (cause) {
      if (!(cause instanceof GatewayError)) throw cause;
      throw new Error(`${cause.message}; check --redis`, { cause });
    } finally {
      await connection.close();
    }
  },
};
