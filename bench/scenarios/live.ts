/** The scenarios in which the gateway answers live: idle shards, reconnects, and the start of a connection. */
import { setTimeout as sleep } from 'node:timers/promises';
import type { Memory } from '../client/main.ts';
import type { ClientRun, RunSetup } from '../harness.ts';
import { quantile } from '../statistics.ts';
import type { Scenario } from './scenario.ts';

const HEARTBEAT_INTERVAL_MS = 41_250;
const SETTLE_MS = 20;
const BYTES_PER_KIB = 1_024;
const US_PER_MS = 1_000;

export const liveSetup = (shards: number): RunSetup => ({
  mode: 'live',
  shards,
  heartbeatIntervalMs: HEARTBEAT_INTERVAL_MS,
  warmup: 0,
  measured: 0,
  seed: 0,
});

/** Per shard, the difference to the same process before it connected. */
export const memory: Scenario<'memory'> = async ({ client: id, shards }, _settings, harness) => {
  let before: Memory | undefined;
  const beforeConnect: NonNullable<ClientRun['beforeConnect']> = async (client) => {
    before = await client.call('memory', undefined);
  };
  return harness.run({ client: id, setup: liveSetup(shards), beforeConnect }, async ({ client }) => {
    const after = await client.call('memory', undefined);
    const { heapKiB = 0, rssKiB = 0 } = before ?? {};
    return {
      heapKiB: (after.heapKiB - heapKiB) / shards,
      rssKiB: (after.rssKiB - rssKiB) / shards,
      rssBeforeGcKiB: (after.rssBeforeGcKiB - rssKiB) / shards,
    };
  });
};

const startHeapProfile: NonNullable<ClientRun['beforeConnect']> = (client) =>
  client.call('startHeapProfile', undefined);

/** What a connect allocates, collected or not, and its CPU, in a process that has connected nothing before. */
export const connect: Scenario<'connect'> = async ({ client: id }, { connectShards: shards }, harness) => {
  const allocatedKiB = await harness.run(
    { client: id, setup: liveSetup(shards), beforeConnect: startHeapProfile },
    async ({ client }) => {
      const { allocatedBytes } = await client.call('stopHeapProfile', undefined);
      return allocatedBytes / BYTES_PER_KIB / shards;
    },
  );
  // In a process of its own, because the profiler has a cost.
  let beforeUs = 0;
  const cpuMs = await harness.run(
    {
      client: id,
      setup: liveSetup(shards),
      beforeConnect: async (client) => void (beforeUs = await client.call('cpuUs', undefined)),
    },
    async ({ client }) => ((await client.call('cpuUs', undefined)) - beforeUs) / US_PER_MS / shards,
  );
  return { allocatedKiB, cpuMs };
};

export const growth: Scenario<'growth'> = ({ client: id }, { reconnects }, harness) =>
  harness.run({ client: id, setup: liveSetup(1), withoutBackoff: true }, async ({ gateway, client }) => {
    const reconnect = async (count: number): Promise<void> => {
      for (let done = 0; done < count; done += 1) {
        await gateway.call('kill', undefined);
        // RESUMED is sent, but not yet read. A client that is killed before it reads RESUMED does not resume again.
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

export const storm: Scenario<'storm'> = ({ client: id }, { stormShards }, harness) =>
  harness.run({ client: id, setup: liveSetup(stormShards) }, async ({ gateway }) => {
    const { attemptsMs, resumedMs, identified } = await gateway.call('kill', undefined);
    const first = attemptsMs.slice(0, stormShards);
    return {
      allResumedMs: Math.max(...resumedMs),
      medianResumedMs: quantile(resumedMs, 0.5),
      spreadMs: Math.max(...first) - Math.min(...first),
      identified,
      shards: stormShards,
    };
  });

export const hello: Scenario<'hello'> = ({ client: id }, _settings, harness) =>
  harness.run({ client: id, setup: liveSetup(1) }, async ({ gateway }) => {
    const [ms = Number.NaN] = await gateway.call('helloToIdentifyMs', undefined);
    return { ms };
  });
