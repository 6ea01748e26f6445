/**
 * A hundred shards and a gateway that ends their connections at random. For more of both:
 * `SHARDS=500 CUTS=4000 npx vitest run test/manager/many`.
 */
import { expect, test } from 'vitest';
import type { FakeConnection } from '../../src/testing/index.ts';
import { nextEvent, liveManager } from '../kit/live-manager.ts';
import { TENACIOUS } from '../kit/timing.ts';

const SHARDS = Number(process.env['SHARDS'] ?? 100);
const CUTS = Number(process.env['CUTS'] ?? 400);

const ENDS: readonly ((connection: FakeConnection) => void)[] = [
  (connection) => connection.terminate(),
  (connection) => connection.close(4000),
  (connection) => connection.close(1001),
  (connection) => connection.requestReconnect(),
  (connection) => connection.invalidateSession(true),
  (connection) => connection.corrupt(),
];

test(
  `${SHARDS} shards are all ready again and lose no event when their connections are ended ${CUTS} times in all ways`,
  { timeout: 600_000 },
  async () => {
    await using kit = await liveManager({ shards: SHARDS, timing: TENACIOUS }, { heartbeatIntervalMs: 20_000 });
    const { manager, gateway } = kit;
    let seed = 7;
    const randomBelow = (below: number): number => {
      seed = (seed * 48_271) % 2_147_483_647;
      return seed % below;
    };
    // Connections are ended during the start, too.
    let early = 0;
    const cutEarly = setInterval(() => {
      const { connections } = gateway;
      if ((early += 1) <= 20) connections[randomBelow(Math.max(1, connections.length))]?.terminate();
    }, 5);
    await manager.connect();
    clearInterval(cutEarly);

    const sent: string[][] = Array.from({ length: SHARDS }, () => []);
    const received: string[][] = Array.from({ length: SHARDS }, () => []);
    manager.onDispatch('MESSAGE_CREATE', ({ id }, _, shardId) => received[shardId]!.push(id));
    const send = (shardId: number): void => {
      sent[shardId]!.push(String(sent[shardId]!.length));
      gateway.dispatch('MESSAGE_CREATE', { id: sent[shardId]!.at(-1) }, { shardId });
    };
    await new Promise<void>((resolve) => {
      let cuts = 0;
      const timer = setInterval(() => {
        for (let n = 0; n < 20; n += 1) send(randomBelow(SHARDS));
        for (let n = 0; n < 4 && cuts < CUTS; n += 1) {
          const connection = gateway.connections[randomBelow(gateway.connections.length)];
          if (connection === undefined || connection.sessionId === null) continue;
          ENDS[randomBelow(ENDS.length)]!(connection);
          cuts += 1;
        }
        if (cuts < CUTS) return;
        clearInterval(timer);
        resolve();
      }, 3);
    });
    const ended = new Set<number>();
    const done = new Promise<void>((resolve) => {
      manager.onDispatch('END', (_, __, shardId) => {
        if (ended.add(shardId).size === SHARDS) resolve();
      });
    });
    gateway.dispatch('END', {});
    await done;
    // The last dispatches may belong to a replay; the shard is ready only at RESUMED.
    while (manager.status().ready < SHARDS) await nextEvent(manager, 'stateChange', ({ to }) => to === 'ready');

    expect(manager.state).toBe('running');
    expect(received).toEqual(sent);
  },
);
