/** A cluster that gets another shard count, on real processes, sockets and Redis: every message is counted. */
import { expect, test } from 'vitest';
import { guildId } from '../../kit/guild-events.ts';
import type { NodeProcess } from '../../kit/cluster-processes.ts';
import { ProcessCluster } from '../../kit/process-cluster.ts';
import { redisServerPath } from '../../kit/redis-server.ts';
import { PATIENCE_MS, pause, until } from '../../kit/until.ts';

const GUILDS = 40;

/** Far longer than a busy machine keeps a process from running: a node that is taken for dead would end the resharding. */
const LEASE_TTL_MS = 5_000;

/** Sends messages of many guilds, 50 a second, until it is stopped. */
function guildLoad({ gateway, sent }: ProcessCluster): { stop(): void } {
  const timer = setInterval(() => {
    const id = `m${sent.length}`;
    const guild = guildId(sent.length % GUILDS);
    sent.push(id);
    gateway.dispatch('MESSAGE_CREATE', { id, content: '', guild_id: guild }, { guildId: guild });
  }, 20);
  return { stop: () => clearInterval(timer) };
}

const haveTotal = (nodes: readonly NodeProcess[], total: number): Promise<void> =>
  until(
    `${total} shards are in service`,
    async () => {
      // Asking all of them costs much more, and this is asked often.
      if (nodes.reduce((sum, { held }) => sum + held.size, 0) !== total) return false;
      const all = await Promise.all(nodes.map((node) => node.status()));
      const ready = all.reduce((sum, status) => sum + status.ready, 0);
      return ready === total && all.every((status) => status.total === total);
    },
    () => nodes.map(({ faults, released }) => ({ faults, released })),
  );

test.skipIf(redisServerPath() === null)(
  'a cluster gets more shards, then fewer while a node is killed: each message is published and handled once',
  { timeout: PATIENCE_MS },
  async () => {
    await using cluster = await ProcessCluster.start({
      maxShards: 8,
      manager: { shards: 4 },
      gateway: { shards: 1 },
      isRedisOld: true,
      engine: { partitions: 2, leaseTtlMs: LEASE_TTL_MS },
      // A hand-over sends heartbeats of its own, and a node that is killed has confirmed more than it has stored.
      breaks: ['heartbeat-pace', 'zombie-heartbeat', 'resume-repeat'],
    });
    const [first, second, third] = await Promise.all(['first', 'second', 'third'].map((name) => cluster.node(name)));
    const all = [first!, second!, third!];
    await cluster.consumer();
    await haveTotal(all, 4);
    cluster.countIdentifies();
    const load = guildLoad(cluster);

    await Promise.all([second!.program.call('reshard', 8), haveTotal(all, 8)]);
    expect(all.map(({ held }) => held.size).toSorted((a, b) => a - b)).toEqual([2, 3, 3]);
    expect(cluster.identifies).toBe(8);

    const resharded = first!.program.call('reshard', 3);
    await cluster.gateway.waitUntil(({ connections }) => connections.some(({ shard }) => shard?.[1] === 3));
    await third!.program.kill();
    await Promise.all([resharded, haveTotal([first!, second!], 3)]);
    await pause(500);
    load.stop();
    await cluster.delivered();

    expect(cluster.balance).toEqual(cluster.evenBalance);
  },
);
