/** What an idle connected shard holds: the difference to the process with the client's code loaded, by shard. */
import type { Memory } from '../client/main.ts';
import { liveSetup } from './live.ts';
import type { Scenario } from './scenario.ts';

export const memory: Scenario<'memory'> = async ({ client: id, shards }, _settings, harness) => {
  let before: Memory | undefined;
  const beforeConnect = async (
    client: Parameters<NonNullable<Parameters<typeof harness.run>[0]['beforeConnect']>>[0],
  ): Promise<void> => {
    before = await client.call('memory', undefined);
  };
  return harness.run({ client: id, setup: liveSetup(shards), beforeConnect }, async ({ client }) => {
    const after = await client.call('memory', undefined);
    const { heapKiB = 0, rssKiB = 0 } = before ?? {};
    return {
      heapKiB: (after.heapKiB - heapKiB) / shards,
      rssKiB: (after.rssKiB - rssKiB) / shards,
      rssAtOnceKiB: (after.rssAtOnceKiB - rssKiB) / shards,
    };
  });
};
