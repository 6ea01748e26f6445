/** Resharding over lines that are slow, each in its own way. */
import { expect, test } from 'vitest';
import { guildEvents } from '../../kit/guild-events.ts';
import { RULES_BROKEN_BY_HAND_OVER, liveManager, quickManager } from '../../kit/live-manager.ts';
import { latencyProxy } from '../../kit/latency-proxy.ts';

test.each([1, 2, 3])('with every connection late by a time of its own the account is the same (%i)', async (seed) => {
  await using kit = await liveManager({}, {}, { broken: RULES_BROKEN_BY_HAND_OVER });
  const { gateway } = kit;
  let n = seed;
  await using line = await latencyProxy(
    [gateway.url, gateway.resumeUrl].map((url) => Number(new URL(url).port)),
    () => {
      n = (n * 48_271) % 2_147_483_647;
      return n % 80;
    },
  );
  await using manager = quickManager(gateway, { shards: 4, rewriteUrl: line.through });
  await manager.connect();
  const load = guildEvents(gateway, manager);
  load.begin();
  await manager.reshard(7);
  await manager.reshard(3);
  await load.end();

  expect(load.received).toEqual(load.sent);
});
