/** A cluster that gets another shard count under load, on a memory engine and real sockets: every event is counted. */
import { PresenceUpdateStatus } from 'discord-api-types/v10';
import { describe, expect, test } from 'vitest';
import type { SuccessionPhase } from '../../src/cluster/ports/succession.ts';
import { MemoryLine } from '../../src/cluster/memory/memory-line.ts';
import { DispatchConsumer } from '../../src/index.ts';
import type { ManagerOptions } from '../../src/index.ts';
import { guildEvents } from '../kit/guild-events.ts';
import { holds, liveCluster, shardsOf, until } from '../kit/live-cluster.ts';
import type { LiveNode } from '../kit/live-cluster.ts';
import { RULES_BROKEN_BY_HAND_OVER } from '../kit/live-manager.ts';
import { TENACIOUS } from '../kit/timing.ts';
import { pause, until as eventually } from '../kit/until.ts';

/** Longer than a busy machine keeps a process from running. */
const LEASE_TTL_MS = 3_000;

type Cluster = Awaited<ReturnType<typeof liveCluster>>;

/** Nodes that share four shards, of which Discord accepts any number, and a load on all of them. */
async function reshardedCluster(names: readonly string[], own: Partial<ManagerOptions> = {}) {
  const cluster = await liveCluster({
    gateway: { shards: 1 },
    manager: { shards: 4, timing: TENACIOUS, ...own },
    leaseTtlMs: LEASE_TTL_MS,
    // A node that is killed has confirmed more than it has stored.
    broken: [...RULES_BROKEN_BY_HAND_OVER, 'resume-repeat'],
  });
  const nodes = names.map((name) => cluster.node(name)) as [LiveNode, LiveNode, ...LiveNode[]];
  await Promise.all(nodes.map(({ manager }) => manager.connect()));
  await until(nodes, () => nodes.every((node) => node.manager.shards.size >= Math.floor(4 / names.length)));
  await until(nodes, () => nodes.every((node) => holds(node, node.manager.shards.size)));
  const load = guildEvents(cluster.gateway, ...nodes.map(({ manager }) => manager));
  return { ...cluster, nodes, load, [Symbol.asyncDispose]: () => cluster[Symbol.asyncDispose]() };
}

/** Resolves when a phase has begun, before any node knows it. */
const phaseOf = ({ server }: Pick<Cluster, 'server'>, phase: SuccessionPhase): Promise<void> =>
  new Promise((resolve) => {
    const stop = server.store.scopeNews.subscribe('shards', () => {
      if (server.store.data.next?.phase !== phase) return;
      stop();
      resolve();
    });
  });

const totalsOf = (nodes: readonly LiveNode[]): (number | null)[] => nodes.map(({ manager }) => manager.total);
const inService = (nodes: readonly LiveNode[], total: number): Promise<void> =>
  until(nodes, () => totalsOf(nodes).every((each) => each === total), ['resharded', 'stateChange', 'claimed']);
const sortedIds = (lists: readonly (readonly string[])[]): number[] =>
  lists
    .flat()
    .map(Number)
    .toSorted((a, b) => a - b);

/** The ids of all messages in all streams, sorted. */
const publishedIn = ({ server }: Pick<Cluster, 'server'>): number[] =>
  [...server.store.data.streams.values()]
    .flatMap(({ entries }) => entries.map(({ dispatch }) => dispatch))
    .filter(({ t }) => t === 'MESSAGE_CREATE')
    .map(({ bytes }) => Number((JSON.parse(Buffer.from(bytes).toString()) as { d: { id: string } }).d.id))
    .toSorted((a, b) => a - b);

describe('reshard() on a node', () => {
  test('gives the whole cluster another count: every event once and in order, spread over all nodes', async () => {
    await using kit = await reshardedCluster(['first', 'second']);
    const { nodes, load } = kit;
    const [first, second] = nodes;
    load.begin(1);
    for (const [total, by] of [
      [7, first],
      [4, second],
    ] as const) {
      await by.manager.reshard(total);
      await inService(nodes, total);
      expect(nodes.flatMap(shardsOf).toSorted((a, b) => a - b)).toEqual(Array.from({ length: total }, (_, id) => id));
      expect(Math.abs(first.manager.shards.size - second.manager.shards.size)).toBeLessThanOrEqual(1);
    }
    await load.end();

    expect(load.received).toEqual(load.sent);
    expect(kit.gateway.stats).toMatchObject({ identifies: 4 + 7 + 4, violations: [] });
    expect(nodes.flatMap(({ faults }) => faults)).toEqual([]);
  });

  test('stores every event once in the streams, with publish', async () => {
    await using kit = await reshardedCluster(['first', 'second'], { publish: true });
    const { nodes, load } = kit;
    load.begin(1);
    await nodes[0].manager.reshard(7);
    await inService(nodes, 7);
    await load.end();
    await Promise.all(nodes.map(({ manager }) => manager.disconnect()));

    expect(publishedIn(kit)).toEqual(sortedIds(load.sent));
  });

  test('stores nothing again when a node that joins afterwards takes over shards to which nothing has come since', async () => {
    await using kit = await reshardedCluster(['first', 'second'], { publish: true });
    const { nodes, load } = kit;
    const [first, second] = nodes;
    const begun = phaseOf(kit, 'freezing');
    const resharded = first.manager.reshard(6);
    await begun;
    // The new shards keep all of it, and leave it out: the old ones deliver it before they catch up.
    load.send(100);
    await resharded;
    const third = kit.node('third');
    await third.manager.connect();
    await Promise.all([first.manager.disconnect(), second.manager.disconnect()]);
    await until([third], () => holds(third, 6));
    await third.manager.disconnect();

    expect(publishedIn(kit)).toEqual(sortedIds(load.sent));
  });

  test('changes the shard count for consumers, which read the streams of all shards that there have been', async () => {
    await using kit = await reshardedCluster(['first', 'second'], { publish: true });
    const { nodes, load, server } = kit;
    await using consumer = new DispatchConsumer({ engine: new MemoryLine(server), group: 'bot' });
    const got: string[] = [];
    consumer.onDispatch('MESSAGE_CREATE', ({ id }) => void got.push(id));
    await consumer.start();
    load.begin(1);
    await nodes[0].manager.reshard(6);
    await inService(nodes, 6);
    await eventually('the consumer knows it', () => consumer.total === 6);
    await consumer.updatePresence(
      { status: PresenceUpdateStatus.Idle, since: null, activities: [], afk: false },
      { shardId: 5 },
    );
    await nodes[1].manager.reshard(1);
    await inService(nodes, 1);
    await load.end();

    await eventually('all is handled', () => got.length >= load.count);
    expect(sortedIds([got])).toEqual(sortedIds(load.sent));
  });

  test('stores every event once in the streams if a node dies just when the new shards are in service', async () => {
    await using kit = await reshardedCluster(['first', 'second'], { publish: true });
    const { nodes, load, server } = kit;
    const [first, second] = nodes;
    load.begin(1);
    const stop = server.store.scopeNews.subscribe('shards', () => {
      if (server.store.data.plan?.total !== 7) return;
      stop();
      kit.kill(second);
    });
    await first.manager.reshard(7);
    await until([first], () => holds(first, 7));
    await load.end();
    await first.manager.disconnect();

    expect(kit.gateway.stats.identifies).toBe(4 + 7);
    expect(publishedIn(kit)).toEqual(sortedIds(load.sent));
  });

  test.each(['recording', 'catchingUp'] as const)(
    'goes on when the engine is away for a moment while the nodes are %s: no event lost or doubled',
    async (phase) => {
      await using kit = await reshardedCluster(['first', 'second']);
      const { nodes, load, server } = kit;
      load.begin(1);
      const begun = phaseOf(kit, phase);
      const resharded = nodes[0].manager.reshard(6);
      await begun;
      server.stop();
      await pause(LEASE_TTL_MS / 4);
      expect(totalsOf(nodes)).toEqual([4, 4]);
      server.start();
      await resharded;
      await inService(nodes, 6);
      await load.end();

      expect(load.received).toEqual(load.sent);
    },
  );

  test('leaves the old shards in service when the engine is away for longer than a lease', async () => {
    await using kit = await reshardedCluster(['first', 'second']);
    const { nodes, load, server } = kit;
    load.begin(1);
    const begun = phaseOf(kit, 'freezing');
    const resharded = nodes[0].manager.reshard(6);
    const outcome = resharded.catch((error: unknown) => error);
    await begun;
    server.stop();
    await pause(LEASE_TTL_MS * 1.5);
    server.start();
    expect(await outcome).toMatchObject({ code: 'RESHARD_REFUSED' });
    await load.end();

    expect(totalsOf(nodes)).toEqual([4, 4]);
    expect(load.received).toEqual(load.sent);
  });

  test.each(['catchingUp', 'over'] as const)(
    'leaves the old shards in service when the engine comes back empty while the nodes are %s',
    async (phase) => {
      await using kit = await reshardedCluster(['first', 'second']);
      const { nodes, load, server } = kit;
      load.begin(1);
      const stop = server.store.scopeNews.subscribe('shards', () => {
        const { next, plan } = server.store.data;
        if (phase === 'over' ? plan?.total !== 6 : next?.phase !== phase) return;
        stop();
        server.empty();
      });
      await expect(nodes[0].manager.reshard(6)).rejects.toMatchObject({ code: 'RESHARD_REFUSED' });
      await until(nodes, () => nodes.every((node) => holds(node, 2)));
      await load.end();

      expect(totalsOf(nodes)).toEqual([4, 4]);
      expect(load.received).toEqual(load.sent);
    },
  );

  test.each(['preparing', 'catchingUp'] as const)(
    'leaves the old shards in service when the node that called it is killed while the nodes are %s',
    async (phase) => {
      await using kit = await reshardedCluster(['first', 'second']);
      const { nodes, load } = kit;
      const [first, second] = nodes;
      load.begin(1);
      const begun = phaseOf(kit, phase);
      first.manager.reshard(6).catch(() => undefined);
      await begun;
      kit.kill(first);
      await until([second], () => holds(second, 4));
      await load.end();

      expect(second.manager.total).toBe(4);
      expect([...new Set(sortedIds(load.received))]).toEqual(sortedIds(load.sent));
      expect(kit.server.store.data.next).toBeNull();
    },
  );

  test.each(['freezing'] as const)(
    'begins again without a node that is killed while the nodes are %s, and loses no event',
    async (phase) => {
      await using kit = await reshardedCluster(['first', 'second']);
      const { nodes, load } = kit;
      const [first, second] = nodes;
      load.begin(1);
      const begun = phaseOf(kit, phase);
      const resharded = first.manager.reshard(6);
      await begun;
      kit.kill(second);
      await resharded;
      await load.end();

      expect(shardsOf(first)).toEqual([0, 1, 2, 3, 4, 5]);
      expect([...new Set(sortedIds(load.received))]).toEqual(sortedIds(load.sent));
    },
  );

  test('is not held up by a node that stops or joins meanwhile: every event once and in order', async () => {
    await using kit = await reshardedCluster(['first', 'second']);
    const { nodes, load } = kit;
    const [first, second] = nodes;
    load.begin(1);
    const begun = phaseOf(kit, 'freezing');
    const resharded = first.manager.reshard(6);
    await begun;
    const third = kit.node('third');
    load.listen(third.manager);
    await Promise.all([second.manager.disconnect(), third.manager.connect()]);
    await resharded;
    await until([first, third], () => holds(first, 3) && holds(third, 3));
    await load.end();

    expect(load.received).toEqual(load.sent);
  });
});
