/**
 * Nodes that join, stop, die and freeze: what a cluster promises of shards, on real processes, sockets and Redis. The tests
 * share one bot under load, because a start takes as long as Discord's pace of IDENTIFYs demands.
 */
import { afterAll, beforeAll, beforeEach, describe, expect, test } from 'vitest';
import type { NodeProcess } from '../../kit/cluster-processes.ts';
import { LEASE_TTL_MS, ProcessCluster } from '../../kit/process-cluster.ts';
import { redisServerPath } from '../../kit/redis-server.ts';
import { PATIENCE_MS, pause, until } from '../../kit/until.ts';

/** What a busy machine adds to the time that something takes, in ms. */
const SLACK_MS = 4_000;

describe.skipIf(redisServerPath() === null)(
  'nodes as processes, with published dispatches',
  { timeout: PATIENCE_MS },
  () => {
    let cluster: ProcessCluster;
    let first: NodeProcess;

    beforeAll(async () => {
      cluster = await ProcessCluster.start({ manager: { rebalance: { maxMovesPerSecond: 1 } } });
      first = await cluster.node('first');
      await cluster.consumer();
    }, PATIENCE_MS);
    beforeEach(async () => {
      await cluster.settled([first], [4]);
      cluster.countIdentifies();
    }, PATIENCE_MS);
    afterAll(() => cluster[Symbol.asyncDispose]());

    /** Plays something while messages are sent. Then each must have been published and handled once, without an IDENTIFY. */
    async function underLoad(play: () => Promise<void>): Promise<void> {
      const load = cluster.load(100);
      await play();
      load.stop();
      await cluster.delivered();
      expect(cluster.balance).toEqual(cluster.evenBalance);
      expect(cluster.identifies).toBe(0);
    }

    /** A second node, which has its half of the shards. */
    async function joined(name: string): Promise<NodeProcess> {
      const node = await cluster.node(name);
      await cluster.settled([first, node], [2, 2]);
      return node;
    }

    test('1: the first node holds all shards, and a second one gets its half by RESUME', async () => {
      const resumesBefore = cluster.gateway.stats.resumes;
      let second: NodeProcess | null = null;
      await underLoad(async () => void (second = await joined('second')));

      expect(cluster.gateway.stats.resumes - resumesBefore).toBe(2);
      expect(first.released.map(([, why]) => why)).toEqual(['handoff', 'handoff']);
      expect([...first.faults, ...second!.faults]).toEqual([]);
      await second!.program.call('disconnect');
    });

    test('2: the others hold the shards of a node that disconnects, each within a second of the end of its socket', async () => {
      const second = await joined('second');
      const before = cluster.connections.length;
      await underLoad(async () => {
        await second.program.call('disconnect');
        await cluster.settled([first], [4]);
      });

      expect(second.released.map(([, why]) => why)).toEqual(['stop', 'stop']);
      expect(cluster.gaps(before)).toHaveLength(2);
      expect(Math.max(...cluster.gaps(before))).toBeLessThan(1_000 + SLACK_MS);
      await until('the other node has heard of it', () => first.left.includes('second'));
    });

    test('3: the shards of a node that was killed are taken over when its leases end, and nothing is missing or double', async () => {
      const second = await joined('second');
      let tookMs = 0;
      await underLoad(async () => {
        const killedAt = performance.now();
        await second.program.kill();
        await cluster.settled([first], [4]);
        tookMs = performance.now() - killedAt;
      });

      expect(tookMs).toBeLessThan(LEASE_TTL_MS + 1_000 + SLACK_MS);
    });

    test('4: a node that was frozen past its leases writes nothing more, keeps its sessions, and joins again', async () => {
      const second = await joined('second');
      const frozen = [...second.held];
      await underLoad(async () => {
        second.program.freeze();
        await until(
          'the shards are taken over',
          () => first.held.size === 4 && first.isReady,
          () => cluster.state,
        );
        await pause(LEASE_TTL_MS);
        second.program.thaw();
        await until(
          'it has lost its shards',
          () => second.released.length >= frozen.length,
          () => cluster.state,
        );
        await cluster.settled([first, second], [2, 2]);
      });

      expect(new Map(second.released)).toEqual(new Map(frozen.map((shardId) => [shardId, 'fenced'])));
      const codes = cluster.gateway.history.map(({ closedWith }) => closedWith?.code);
      expect(codes.filter((code) => code === 1000 || code === 1001)).toEqual([]);
      await second.program.call('disconnect');
    });

    test('7: nodes of one name are told apart, also where the name is used again at once after a crash', async () => {
      const second = await joined('first');
      // A node hears within a second of what others have claimed.
      await until('the first node sees what both hold', async () => {
        const { nodes = [] } = (await first.status()).cluster ?? {};
        return nodes.every(({ shards }) => shards.length === 2);
      });
      const { cluster: seen } = await first.status();
      await underLoad(async () => {
        await second.program.kill();
        await joined('first');
      });

      expect(seen?.nodes.map(({ node }) => node)).toEqual(['first', 'first']);
    });
  },
);

describe.skipIf(redisServerPath() === null)('nodes as processes', { timeout: PATIENCE_MS }, () => {
  test('3: where listeners run on the nodes, what a killed node has handed out in its last second comes again', async () => {
    const PER_SECOND = 200;
    await using cluster = await ProcessCluster.start({
      shards: 2,
      manager: { publish: false },
      breaks: ['resume-repeat'],
    });
    const first = await cluster.node('first');
    const second = await cluster.node('second');
    await cluster.settled([first, second], [1, 1]);
    cluster.countIdentifies();
    const load = cluster.load(PER_SECOND);
    await pause(2_500);
    await second.program.kill();
    await cluster.settled([first], [2]);
    load.stop();
    const handled = (): string[] => [...first.handled, ...second.handled];
    await until(
      'all is handled',
      () => new Set(handled()).size === cluster.sent.length,
      () => cluster.state,
    );

    const ofSecond = new Set(second.handled);
    const again = first.handled.filter((id) => ofSecond.has(id));
    expect(handled().length - cluster.sent.length).toBe(again.length);
    // Half of the messages of one second, and what comes until that is stored.
    expect(again.length).toBeLessThan((PER_SECOND / 2) * (1 + SLACK_MS / 1_000));
    expect(cluster.identifies).toBe(0);
  });

  test('8: a node that holds nothing waits, and takes over when it is needed', async () => {
    await using cluster = await ProcessCluster.start({ shards: 1 });
    const first = await cluster.node('first');
    const spare = await cluster.node('spare');
    await cluster.settled([first, spare], [1, 0]);
    cluster.countIdentifies();
    await cluster.consumer();
    await first.program.kill();
    await cluster.settled([spare], [1]);
    cluster.send();
    await cluster.delivered();

    expect(cluster.balance).toEqual(cluster.evenBalance);
    expect({ identifies: cluster.identifies, faults: spare.faults }).toEqual({ identifies: 0, faults: [] });
  });
});
