/** Nodes and an engine that can't be reached, or that has forgotten what it knew. */
import { describe, expect, test } from 'vitest';
import { GatewayError } from '../../src/index.ts';
import type { Engine } from '../../src/index.ts';
import { LEASE_TTL_MS, holds, liveCluster, shardsOf, until } from '../kit/live-cluster.ts';
import type { LiveNode } from '../kit/live-cluster.ts';

/** Resolves when the leases would have ended twice: a heartbeat takes a second. */
async function outliveLeases(node: LiveNode): Promise<void> {
  let beats = 0;
  const count = (): void => void (beats += 1);
  node.manager.on('heartbeat', count);
  await until([node], () => beats * 1_000 >= 2 * LEASE_TTL_MS, ['heartbeat']);
  node.manager.off('heartbeat', count);
}

describe('an engine that is away', () => {
  test('keeps connect() waiting with one fault, until its signal ends it', async () => {
    await using cluster = await liveCluster();
    cluster.server.stop();
    const node = cluster.node('node');
    const abort = new AbortController();
    const connecting = node.manager.connect({ signal: abort.signal });
    await until([node], () => node.faults.length > 0);
    abort.abort();

    await expect(connecting).rejects.toMatchObject({ code: 'ABORTED' });
    expect(node.faults.map(({ code }) => code)).toEqual(['ENGINE_UNAVAILABLE']);
  });

  test('leaves shards up: they deliver, and their sessions are stored when it is back', async () => {
    await using cluster = await liveCluster();
    const [first, second] = [cluster.node('first'), cluster.node('second')];
    await Promise.all([first.manager.connect(), second.manager.connect()]);
    await until([first, second], () => holds(first, 2) && holds(second, 2));
    const before = [shardsOf(first), shardsOf(second)];

    cluster.server.stop();
    await until([first, second], () => [first, second].every(({ faults }) => faults.length > 0));
    await outliveLeases(first);
    const sent = cluster.sendToAll();
    await until([first, second], () => cluster.handled.length === sent.length);
    expect([shardsOf(first), shardsOf(second)]).toEqual(before);
    expect(first.manager.status().cluster?.isReachable).toBe(false);

    cluster.server.start();
    await first.manager.disconnect();
    await until([second], () => holds(second, 4));
    expect(cluster.handled).toHaveLength(sent.length);
    expect(cluster.gateway.stats).toMatchObject({ identifies: 4 });
    expect([first, second].map(({ faults }) => faults.map(({ code }) => code))).toEqual([
      ['ENGINE_UNAVAILABLE'],
      ['ENGINE_UNAVAILABLE'],
    ]);
    expect([first, second].flatMap(({ released }) => released.filter(([, why]) => why === 'fenced'))).toEqual([]);
  });

  test('gives no permit to identify, and a RESUME needs none', async () => {
    await using cluster = await liveCluster({ gateway: { shards: 2 } });
    const node = cluster.node('node');
    await node.manager.connect();
    cluster.server.stop();
    await until([node], () => node.faults.length > 0);
    const [resuming, identifying] = cluster.gateway.connections;
    identifying!.invalidateSession(false);
    resuming!.requestReconnect();
    await until([node], () => cluster.gateway.stats.resumes === 1 && node.manager.status().ready === 1);
    await outliveLeases(node);
    expect(cluster.gateway.stats.identifies).toBe(2);

    cluster.server.start();
    await until([node], () => holds(node, 2));
    expect(cluster.gateway.stats.identifies).toBe(3);
  });
});

describe('an engine that can not be used', () => {
  test('makes connect() reject at once', async () => {
    await using cluster = await liveCluster();
    const refusal = new GatewayError('ENGINE_INVALID', 'this Redis is too old');
    const engine: Engine = { kind: 'redis', leaseTtlMs: 1_000, open: () => Promise.reject(refusal) };
    const node = cluster.node('node', { engine });
    await expect(node.manager.connect()).rejects.toBe(refusal);
    expect(node.manager.state).toBe('failed');
  });
});

describe('an engine that comes back empty', () => {
  test('is told who has which shard: nobody claims it, nobody identifies, and it can be handed over', async () => {
    await using cluster = await liveCluster();
    const [first, second] = [cluster.node('first'), cluster.node('second')];
    await Promise.all([first.manager.connect(), second.manager.connect()]);
    await until([first, second], () => holds(first, 2) && holds(second, 2));
    const before = [shardsOf(first), shardsOf(second)];

    cluster.server.empty();
    await outliveLeases(first);
    expect([shardsOf(first), shardsOf(second)]).toEqual(before);
    expect(first.manager.status().cluster).toMatchObject({ unowned: [] });

    const sent = cluster.sendToAll();
    await until([first, second], () => cluster.handled.length === sent.length);
    await first.manager.disconnect();
    await until([second], () => holds(second, 4));
    const later = cluster.sendToAll();
    await until([second], () => cluster.handled.length === sent.length + later.length);
    expect(cluster.gateway.stats.identifies).toBe(4);
    expect([first, second].flatMap(({ released }) => released.filter(([, why]) => why === 'fenced'))).toEqual([]);
  });
});
