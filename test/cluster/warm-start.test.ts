/** Shards that move with their guilds: READY and the guilds are kept in the engine beside the session. */
import { describe, expect, test } from 'vitest';
import { holds, liveCluster, until } from '../kit/live-cluster.ts';
import type { LiveNode } from '../kit/live-cluster.ts';

/** Three guilds for each of two shards. */
const GUILD_IDS = [2, 3, 4, 5, 6, 7].map((n) => String(BigInt(n) << 22n));

/** Records what a node is delivered of each guild, and whether an earlier owner had received it. */
function guildsOf({ manager }: LiveNode): [name: string, id: string, isRestored: boolean][] {
  const seen: [string, string, boolean][] = [];
  manager.on('dispatch', (dispatch) => {
    if (dispatch.t === 'READY') seen.push(['READY', dispatch.d.user.id, dispatch.isRestored === true]);
    if (dispatch.t === 'GUILD_CREATE') seen.push(['GUILD_CREATE', dispatch.d.id, dispatch.isRestored === true]);
  });
  return seen;
}

describe('a shard that moves with warmStart', () => {
  test.each([0, 1])('brings READY and its guilds to the next node, with %i workers', async (workers) => {
    await using cluster = await liveCluster({
      gateway: {
        shards: 2,
        readyGuilds: GUILD_IDS.map((id) => ({ id, name: `guild ${id}`, channels: [] })),
      },
      manager: { warmStart: true, workers },
    });
    const first = cluster.node('first');
    const received = guildsOf(first);
    await first.manager.connect();
    await until([first], () => received.length === 2 + GUILD_IDS.length);

    const second = cluster.node('second');
    const restored = guildsOf(second);
    await second.manager.connect();
    await first.manager.disconnect();
    await until([second], () => holds(second, 2) && restored.length >= received.length);
    const sent = cluster.sendToAll(2);
    await until([second], () => cluster.handled.length === sent.length);

    const sorted = (rows: typeof received): string[] => rows.map(([name, id]) => `${name} ${id}`).toSorted();
    expect(sorted(restored)).toEqual(sorted(received));
    expect(new Set(restored.map(([, , isRestored]) => isRestored))).toEqual(new Set([true]));
    expect(cluster.gateway.stats).toMatchObject({ identifies: 2 });
    expect([...first.faults, ...second.faults]).toEqual([]);
  });
});
