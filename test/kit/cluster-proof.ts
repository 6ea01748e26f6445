/**
 * The proof that nodes can be replaced, killed and frozen, and Redis emptied, under load: everything that was sent is in the
 * stream, and every group gets it exactly once, without an IDENTIFY. A test plays it small, `npm run cluster:proof` large.
 */
import type { NodeProcess } from './cluster-processes.ts';
import { ProcessCluster } from './process-cluster.ts';
import { TENACIOUS } from './timing.ts';
import { pause, until } from './until.ts';

export interface ProofOptions {
  readonly shards: number;
  /** Messages over all shards. */
  readonly perSecond: number;
  readonly leaseTtlMs: number;
  /** How long a node is frozen. */
  readonly freezeMs: number;
  readonly consumersPerGroup: number;
  /** Receives a line for each step. */
  readonly log: (line: string) => void;
}

export interface ProofResult {
  readonly balance: Readonly<Record<string, number | readonly string[]>>;
  /** The balance of a bot that has lost and doubled nothing. */
  readonly evenBalance: Readonly<Record<string, number | readonly string[]>>;
  readonly identifies: number;
  readonly resumes: number;
}

const NODES = 4;
const GROUPS = ['bot', 'log'];

export async function clusterProof(options: ProofOptions): Promise<ProofResult> {
  const { shards, perSecond, leaseTtlMs, freezeMs, consumersPerGroup, log } = options;
  await using cluster = await ProcessCluster.start({
    shards,
    engine: { leaseTtlMs },
    manager: { timing: TENACIOUS },
    // What an empty Redis has lost is fetched by RESUME from before it, although heartbeats have confirmed it.
    breaks: ['resume-repeat'],
  });
  const startedAt = performance.now();
  const say = (text: string): void =>
    log(`${((performance.now() - startedAt) / 1_000).toFixed(1).padStart(6)} s  ${text}`);

  let nodes = await Promise.all(Array.from({ length: NODES }, (_, index) => cluster.node(`node-${index + 1}`)));
  await cluster.settled(
    nodes,
    nodes.map(() => shards / NODES),
  );
  const members = GROUPS.flatMap((group) => Array.from({ length: consumersPerGroup }, () => group));
  await Promise.all(members.map((group) => cluster.consumer({ group })));
  say(`${NODES} nodes hold ${shards} shards; ${GROUPS.length} groups read`);
  cluster.countIdentifies();
  const load = cluster.load(perSecond);

  const replace = async (index: number, version: number): Promise<NodeProcess> => {
    const next = await cluster.node(`node-${index + 1}-v${version}`);
    nodes = nodes.with(index, next);
    return next;
  };
  for (const [index, node] of nodes.entries()) {
    await replace(index, 2);
    await node.program.call('disconnect');
    await cluster.settled(nodes);
    await node.program.kill();
    say(`${node.name} was replaced`);
  }

  const [killed] = nodes;
  await killed?.program.kill();
  await cluster.settled(nodes.slice(1));
  say(`${killed?.name} was killed, and the others have its shards`);
  await replace(0, 3);
  await cluster.settled(nodes);

  const frozen = nodes.at(-1);
  frozen?.program.freeze();
  await pause(freezeMs);
  await cluster.settled(nodes.slice(0, -1));
  frozen?.program.thaw();
  await until(
    'the frozen node has lost its shards',
    () => frozen?.released.some(([, why]) => why === 'fenced') === true,
  );
  await cluster.settled(nodes);
  say(`${frozen?.name} was frozen for ${freezeMs / 1_000} s`);

  // The frozen node is about to get shards again.
  await cluster.redis.restartEmpty();
  await pause(leaseTtlMs);
  await cluster.settled(nodes);
  say('Redis was killed, and came back empty');

  load.stop();
  await cluster.delivered();
  say('everything is delivered');
  const { balance, evenBalance, identifies } = cluster;
  return { balance, evenBalance, identifies, resumes: cluster.gateway.stats.resumes };
}
