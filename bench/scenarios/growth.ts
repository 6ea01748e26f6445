/** What stays in memory after one shard was forced to reconnect again and again. */
import { setTimeout as sleep } from 'node:timers/promises';
import { liveSetup } from './live.ts';
import type { Scenario } from './scenario.ts';

const SETTLE_MS = 20;

export const growth: Scenario<'growth'> = ({ client: id }, { reconnects }, harness) =>
  harness.run({ client: id, setup: liveSetup(1), withoutBackoff: true }, async ({ gateway, client }) => {
    const reconnect = async (count: number): Promise<void> => {
      for (let done = 0; done < count; done += 1) {
        await gateway.call('kill', undefined);
        // RESUMED is sent, not yet read: a client that had not seen it would not resume the next time.
        await sleep(SETTLE_MS);
      }
    };
    await reconnect(reconnects.before);
    const before = await client.call('memory', undefined);
    await reconnect(reconnects.between);
    const after = await client.call('memory', undefined);
    return {
      objectsKiB: after.objectsKiB - before.objectsKiB,
      heapKiB: after.heapKiB - before.heapKiB,
      rssKiB: after.rssKiB - before.rssKiB,
      reconnects: reconnects.between,
    };
  });
