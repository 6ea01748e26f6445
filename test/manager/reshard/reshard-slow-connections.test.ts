/** Resharding over connections with different latencies. */
import { describe, expect, test } from 'vitest';
import { guildEvents } from '../../kit/guild-events.ts';
import { RULES_BROKEN_BY_HAND_OVER, liveManager, quickManager } from '../../kit/live-manager.ts';
import { latencyProxy } from '../../kit/latency-proxy.ts';

describe('ShardManager.reshard() over slow connections', () => {
  test.each([1, 2, 3])(
    'delivers every event once and in order when each connection has its own latency (seed %i)',
    async (seed) => {
      await using kit = await liveManager({}, {}, { broken: RULES_BROKEN_BY_HAND_OVER });
      const { gateway } = kit;
      let n = seed;
      await using proxy = await latencyProxy(
        [gateway.url, gateway.resumeUrl].map((url) => Number(new URL(url).port)),
        () => {
          n = (n * 48_271) % 2_147_483_647;
          return n % 80;
        },
      );
      await using manager = quickManager(gateway, { shards: 4, rewriteUrl: proxy.through });
      await manager.connect();
      const load = guildEvents(gateway, manager);
      load.begin();
      await manager.reshard(7);
      await manager.reshard(3);
      await load.end();

      expect(load.received).toEqual(load.sent);
    },
  );
});
