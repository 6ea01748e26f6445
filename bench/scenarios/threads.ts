/** What a manager hands out in a second, of several shards that are sent a backlog at once. */
import type { CountResult } from '../client/dispatch-counter.ts';
import type { Part } from '../server/main.ts';
import type { Connected } from '../harness.ts';
import { armCounter, recordedSetup } from './replay-scenario.ts';
import type { Scenario } from './scenario.ts';

const SHARDS = 4;
const US_PER_SECOND = 1e6;

export const threads: Scenario<'threads'> = ({ client: id, workers }, settings, harness) => {
  const replayPart = async (connected: Connected, part: Part): Promise<CountResult> => {
    await armCounter(connected, id, part, settings, { times: SHARDS });
    const [result] = await Promise.all([
      connected.client.call('arrived', undefined),
      connected.gateway.call('replayAll', part),
    ]);
    return result;
  };
  return harness.run(
    { client: id, adapter: 'manager', workers, setup: { ...recordedSetup(settings), shards: SHARDS } },
    async (connected) => {
      await replayPart(connected, 'warmup');
      const { cpuUs, wallUs, peakRssMiB } = await replayPart(connected, 'measured');
      const count = settings.measured * SHARDS;
      return { perSecond: (count / wallUs) * US_PER_SECOND, cpuUs: cpuUs / count, peakRssMiB };
    },
  );
};
