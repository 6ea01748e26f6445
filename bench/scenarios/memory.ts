/** What an idle connected shard holds: the difference to the process with the client's code loaded, by shard. */
import type { Memory } from '../client/main.ts';
import { liveStage } from './live.ts';
import type { Scenario } from './scenario.ts';

export const memory: Scenario<'memory'> = async ({ client: id, shards }, _settings, theatre) => {
  let before: Memory | undefined;
  const beforeConnect = async (client: Parameters<NonNullable<Parameters<typeof theatre.perform>[0]['beforeConnect']>>[0]): Promise<void> => {
    before = await client.call('memory', undefined);
  };
  return theatre.perform({ client: id, stage: liveStage(shards), beforeConnect }, async ({ client }) => {
    const after = await client.call('memory', undefined);
    const { heapKiB = 0, rssKiB = 0 } = before ?? {};
    return {
      heapKiB: (after.heapKiB - heapKiB) / shards,
      rssKiB: (after.rssKiB - rssKiB) / shards,
      rssAtOnceKiB: (after.rssAtOnceKiB - rssKiB) / shards,
    };
  });
};
