/** Nodes that share the shards of a bot and move them by RESUME, on a memory engine and real sockets. */
import { describe, expect, test } from 'vitest';
import { MemoryIdentifyGate, MemorySessionStore, ShardManager, memoryEngine } from '../../src/index.ts';
import { holds, liveCluster, shardsOf, until } from '../kit/live-cluster.ts';
import type { Handled, LiveNode } from '../kit/live-cluster.ts';

const idsOf = (handled: readonly Handled[]): string[] => handled.map(({ id }) => id);
const numbers = (ids: readonly string[]): number[] => ids.map(Number).toSorted((a, b) => a - b);
const allShardsOf = (nodes: readonly LiveNode[]): number[] => nodes.flatMap(shardsOf).toSorted((a, b) => a - b);

describe('nodes of one bot', () => {
  test('share the shards: a node that joins gets its share by RESUME, without loss', async () => {
    await using cluster = await liveCluster();
    const first = cluster.node('first');
    await first.manager.connect();
    expect(shardsOf(first)).toEqual([0, 1, 2, 3]);
    const before = cluster.sendToAll();
    await until([first], () => cluster.handled.length === before.length);

    const second = cluster.node('second');
    await second.manager.connect();
    const both = [first, second];
    await until(both, () => holds(second, 2));
    const after = cluster.sendToAll();
    await until(both, () => cluster.handled.length === before.length + after.length);

    expect(allShardsOf(both)).toEqual([0, 1, 2, 3]);
    expect(numbers(idsOf(cluster.handled))).toEqual(numbers([...before, ...after]));
    expect(cluster.gateway.stats.identifies).toBe(4);
    expect(cluster.gateway.stats.resumes).toBe(2);
    expect(first.released.map(([, why]) => why)).toEqual(['handoff', 'handoff']);
    expect([...first.faults, ...second.faults]).toEqual([]);
  });

  test('hand their shards over when they stop: each moves by RESUME, and nothing is lost or doubled', async () => {
    await using cluster = await liveCluster();
    const [first, second] = [cluster.node('first'), cluster.node('second')];
    await Promise.all([first.manager.connect(), second.manager.connect()]);
    await until([first, second], () => holds(first, 2) && holds(second, 2));
    const before = cluster.sendToAll();

    const stopped = first.manager.disconnect();
    const during = cluster.sendToAll();
    await stopped;
    const after = cluster.sendToAll();
    const sent = [...before, ...during, ...after];
    await until([first, second], () => holds(second, 4) && cluster.handled.length >= sent.length);

    expect(numbers(idsOf(cluster.handled))).toEqual(numbers(sent));
    expect(cluster.gateway.stats.identifies).toBe(4);
    expect(first.released.slice(-2).map(([, why]) => why)).toEqual(['stop', 'stop']);
    expect(first.manager.status().cluster).toBeNull();
    expect(second.manager.status().cluster).toMatchObject({ node: 'second', unowned: [], engine: 'memory' });
  });

  test('take over the shards of a node that was killed when its leases end', async () => {
    await using cluster = await liveCluster();
    const [first, second] = [cluster.node('first'), cluster.node('second')];
    await Promise.all([first.manager.connect(), second.manager.connect()]);
    await until([first, second], () => holds(first, 2) && holds(second, 2));
    const left: string[] = [];
    second.manager.on('nodeLeft', ({ node }) => left.push(node));

    cluster.kill(first);
    await until([second], () => holds(second, 4));
    const sent = cluster.sendToAll();
    await until([second], () => cluster.handled.length >= sent.length);

    // Each shard has a connection of its own, so their order is not fixed.
    expect(cluster.handled.map(({ node, id }) => `${node} ${id}`).toSorted()).toEqual(
      sent.map((id) => `second ${id}`).toSorted(),
    );
    expect(cluster.gateway.stats.identifies).toBe(4);
    expect(left).toEqual(['first']);
  });

  test('are told apart by their instance, also if they have one name', async () => {
    await using cluster = await liveCluster();
    const [one, other] = [cluster.node('same'), cluster.node('same')];
    await Promise.all([one.manager.connect(), other.manager.connect()]);
    await until([one, other], () => holds(one, 2) && holds(other, 2));

    cluster.kill(one);
    const again = cluster.node('same');
    await again.manager.connect();
    await until([other, again], () => holds(other, 2) && holds(again, 2));

    expect(allShardsOf([other, again])).toEqual([0, 1, 2, 3]);
    expect(cluster.gateway.stats.identifies).toBe(4);
  });

  test('that hold nothing wait, and take over when they are needed', async () => {
    await using cluster = await liveCluster({ gateway: { shards: 1 } });
    const [first, second] = [cluster.node('first'), cluster.node('second')];
    await first.manager.connect();
    await second.manager.connect();
    expect(second.manager.status()).toMatchObject({ state: 'running', total: 1, shards: [] });

    await first.manager.disconnect();
    await until([second], () => holds(second, 1));
    expect(cluster.gateway.stats).toMatchObject({ identifies: 1, resumes: 1 });
  });

  test('can be replaced one after the other: no IDENTIFY, and every dispatch once', async () => {
    await using cluster = await liveCluster({ gateway: { shards: 8 } });
    const old = ['a', 'b', 'c'].map((name) => cluster.node(name));
    await Promise.all(old.map(({ manager }) => manager.connect()));
    await until(old, () => allShardsOf(old).length === 8 && old.every((node) => holds(node, node.manager.shards.size)));
    const sent = cluster.sendToAll(8);
    const all = [...old];
    for (const each of old) {
      const next = cluster.node(`${each.name}2`);
      all.push(next);
      await next.manager.connect();
      sent.push(...cluster.sendToAll(8));
      await each.manager.disconnect();
      sent.push(...cluster.sendToAll(8));
    }
    await until(all, () => cluster.handled.length >= sent.length);

    expect(numbers(idsOf(cluster.handled))).toEqual(numbers(sent));
    expect(cluster.gateway.stats.identifies).toBe(8);
  });
});

describe('nodes with a static layout', () => {
  test('hold the shards that they name, whoever else is there, and resume them in the next process', async () => {
    await using cluster = await liveCluster();
    const low = cluster.node('low', { shards: { total: 4, ids: [0, 1] } });
    const high = cluster.node('high', { shards: { total: 4, ids: [2, 3] } });
    await Promise.all([low.manager.connect(), high.manager.connect()]);
    expect([shardsOf(low), shardsOf(high)]).toEqual([
      [0, 1],
      [2, 3],
    ]);

    await low.manager.disconnect();
    const next = cluster.node('next', { shards: { total: 4, ids: [0, 1] } });
    await next.manager.connect();
    expect([shardsOf(next), shardsOf(high)]).toEqual([
      [0, 1],
      [2, 3],
    ]);
    expect(cluster.gateway.stats).toMatchObject({ identifies: 4, resumes: 2 });
  });
});

test.each([
  ['sessionStore', { sessionStore: new MemorySessionStore() }],
  ['identifyGate', { identifyGate: new MemoryIdentifyGate() }],
] as const)('an engine together with %s is refused', (name, options) => {
  const create = (): ShardManager =>
    new ShardManager({ token: 'token', intents: 0, engine: memoryEngine(), ...options });
  expect(create).toThrow(name);
});

test.each(['node', 'publish', 'rebalance'] as const)('%s without an engine is refused', (name) => {
  const values = { node: 'a', publish: true, rebalance: {} };
  const create = (): ShardManager => new ShardManager({ token: 'token', intents: 0, [name]: values[name] });
  expect(create).toThrow(`${name} is an option of a cluster`);
});
