/** The scenarios in which the gateway replays a recording of dispatches. */
import { PARTS } from '../client/profiler.ts';
import type { CountResult, ExpectedDispatches } from '../client/dispatch-counter.ts';
import { CLIENTS } from '../clients.ts';
import type { ClientId } from '../clients.ts';
import type { Connected, RunSetup } from '../harness.ts';
import type { Part } from '../server/main.ts';
import type { Settings } from '../settings.ts';
import { gaps, quantile } from '../statistics.ts';
import type { Sample, Scenario } from './scenario.ts';

/** Longer than any case, because a recording can't answer a heartbeat. */
const NO_HEARTBEAT_MS = 3_600_000;
/** READY has sequence 1. */
export const FIRST_SEQUENCE = 2;
/** How many events the heartbeat scenario replays in a loop. */
const EVENTS_PER_LOOP = 1_000;
const MANAGER_SHARDS = 4;
const BYTES_PER_KIB = 1_024;
const US_PER_SECOND = 1e6;

export const recordedSetup = ({ seed, warmup, measured }: Settings): RunSetup => ({
  mode: 'recorded',
  shards: 1,
  heartbeatIntervalMs: NO_HEARTBEAT_MS,
  warmup,
  measured,
  seed,
});

/** Starts the client's counter for a part of the recording. */
async function armCounter(
  { gateway, client }: Connected,
  id: ClientId,
  part: Part,
  settings: Settings,
  { keep = 'nothing', times = 1 }: { keep?: ExpectedDispatches['keep']; times?: number } = {},
): Promise<void> {
  const { listensTo = null, changesData = false, variant } = CLIENTS[id];
  await client.call('arm', {
    count: times * (await gateway.call('count', { part, t: listensTo })),
    from: part === 'warmup' ? FIRST_SEQUENCE : FIRST_SEQUENCE + settings.warmup,
    sent: settings[part],
    keep,
    withData: !changesData && variant !== 'unread',
    collectsFirst: true,
  });
}

/** Replays a part. Resolves with its cost when the client has received all of it. */
export async function replayPart(
  connected: Connected,
  id: ClientId,
  part: Part,
  settings: Settings,
  keep: ExpectedDispatches['keep'] = 'nothing',
): Promise<CountResult> {
  await armCounter(connected, id, part, settings, { keep });
  const [result] = await Promise.all([
    connected.client.call('arrived', undefined),
    connected.gateway.call('replay', part),
  ]);
  return result;
}

export const paced: Scenario<'paced'> = ({ client: id, perSecond }, settings, harness) =>
  harness.run({ client: id, setup: recordedSetup(settings) }, async (connected) => {
    const { gateway, client } = connected;
    await replayPart(connected, id, 'warmup', settings);
    const count = Math.min(settings.measured, Math.round((perSecond * settings.pacedMs) / 1_000));
    const from = FIRST_SEQUENCE + settings.warmup;
    await client.call('arm', { count, from, sent: count, keep: 'time', withData: false, collectsFirst: true });
    const [{ cpuUs, outOfOrder, receivedAt }, sentAt] = await Promise.all([
      client.call('arrived', undefined),
      gateway.call('replayPaced', { count, perSecond }),
    ]);
    const latenciesMs = [...(receivedAt ?? [])].map((at, index) => at - (sentAt[index] ?? 0));
    return {
      p50Ms: quantile(latenciesMs, 0.5),
      p99Ms: quantile(latenciesMs, 0.99),
      maxMs: Math.max(...latenciesMs),
      cpuUs: cpuUs / count,
      outOfOrder,
    };
  });

export const block: Scenario<'block'> = ({ client: id }, settings, harness) =>
  harness.run({ client: id, setup: recordedSetup(settings) }, async (connected) => {
    const { gateway, client } = connected;
    await replayPart(connected, id, 'warmup', settings);
    await armCounter(connected, id, 'measured', settings);
    const [maxMs] = await Promise.all([client.call('maxBlockMs', undefined), gateway.call('replay', 'measured')]);
    return { maxMs };
  });

export const heartbeat: Scenario<'heartbeat'> = ({ client: id }, { seed, heartbeatIntervalMs, floodMs }, harness) => {
  const setup: RunSetup = {
    mode: 'recorded',
    shards: 1,
    heartbeatIntervalMs,
    warmup: 0,
    measured: EVENTS_PER_LOOP,
    seed,
  };
  return harness.run({ client: id, setup }, async ({ gateway }) => {
    const heartbeats = await gateway.call('flood', floodMs);
    const latePercent = gaps(heartbeats).map(
      (gap) => (Math.max(0, gap - heartbeatIntervalMs) / heartbeatIntervalMs) * 100,
    );
    return {
      medianLatePercent: quantile(latePercent, 0.5),
      maxLatePercent: Math.max(...latePercent),
      heartbeats: heartbeats.length,
    };
  });
};

/** Samples CPU and allocations in separate replays, so that one profiler does not slow the other. */
export const profile: Scenario<'profile'> = ({ client: id }, settings, harness) =>
  harness.run({ client: id, setup: recordedSetup(settings) }, async (connected): Promise<Sample> => {
    const { client } = connected;
    await replayPart(connected, id, 'warmup', settings);
    await client.call('startCpuProfile', undefined);
    await replayPart(connected, id, 'measured', settings);
    const { us } = await client.call('stopCpuProfile', undefined);
    await replayPart(connected, id, 'warmup', settings);
    await client.call('startHeapProfile', undefined);
    await replayPart(connected, id, 'measured', settings);
    const { allocatedBytes } = await client.call('stopHeapProfile', undefined);
    const total = PARTS.reduce((sum, part) => sum + us[part], 0);
    return {
      ...Object.fromEntries(PARTS.map((part) => [`${part}Percent`, (us[part] / total) * 100])),
      allocatedKiB: allocatedBytes / BYTES_PER_KIB / settings.measured,
    };
  });

export const threads: Scenario<'threads'> = ({ client: id, workers }, settings, harness) => {
  const replayToAll = async (connected: Connected, part: Part): Promise<CountResult> => {
    await armCounter(connected, id, part, settings, { times: MANAGER_SHARDS });
    const [result] = await Promise.all([
      connected.client.call('arrived', undefined),
      connected.gateway.call('replayAll', part),
    ]);
    return result;
  };
  return harness.run(
    { client: id, adapter: 'manager', workers, setup: { ...recordedSetup(settings), shards: MANAGER_SHARDS } },
    async (connected) => {
      const { gateway } = connected;
      await replayToAll(connected, 'warmup');
      const gatewayBeforeUs = await gateway.call('cpuUs', undefined);
      const { cpuUs, mainUs, wallUs, peakRssMiB } = await replayToAll(connected, 'measured');
      const gatewayUs = (await gateway.call('cpuUs', undefined)) - gatewayBeforeUs;
      const count = settings.measured * MANAGER_SHARDS;
      return {
        perSecond: (count / wallUs) * US_PER_SECOND,
        cpuUs: cpuUs / count,
        mainUs: mainUs / count,
        gatewayUs: gatewayUs / count,
        peakRssMiB,
      };
    },
  );
};
