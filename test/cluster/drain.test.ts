import { describe, expect, test } from 'vitest';
import { liveCluster } from '../kit/live-cluster.ts';

const SHARDS = { kind: 'shards' } as const;

describe('a node that is asked to drain', () => {
  test('hands its shards over by RESUME, takes none, and goes on after the engine has forgotten it', async () => {
    await using cluster = await liveCluster();
    const [first, second] = [cluster.node('first'), cluster.node('second')];
    await first.manager.connect();
    await second.manager.connect();
    await expect.poll(() => second.manager.shards.size, { timeout: 10_000 }).toBe(2);

    const connection = await first.line.open({ report: () => undefined });
    const ownership = connection.ownership(SHARDS);
    const [, member] = (await ownership.view()).members;
    expect(member?.name).toBe('second');
    expect(await ownership.drain(member!.instance)).toBe(true);
    await expect.poll(() => first.manager.status().ready, { timeout: 10_000 }).toBe(4);
    expect(second.manager.shards.size).toBe(0);
    expect(second.released.map(([, why]) => why)).toEqual(['handoff', 'handoff']);
    expect(cluster.gateway.stats.identifies).toBe(4);

    cluster.server.empty();
    const isDraining = (): unknown => second.manager.status().cluster?.nodes.find(({ node }) => node === 'second');
    await expect.poll(isDraining, { timeout: 10_000 }).toMatchObject({ isDraining: true, shards: [] });
    await expect.poll(() => first.manager.status().ready, { timeout: 10_000 }).toBe(4);
    expect(cluster.gateway.stats.identifies).toBe(4);
    await connection.close();
  });
});
