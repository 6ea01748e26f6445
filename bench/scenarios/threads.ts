/** What a manager hands out in a second, of several shards that are sent a backlog at once. */
import type { Counted } from '../client/tally.ts';
import type { Part } from '../server/main.ts';
import type { Connected } from '../theatre.ts';
import { arm, recordedStage } from './playing.ts';
import type { Scenario } from './scenario.ts';

const SHARDS = 4;
const US_PER_SECOND = 1e6;

export const threads: Scenario<'threads'> = ({ client: id, workers }, settings, theatre) => {
  const playThrough = async (connected: Connected, part: Part): Promise<Counted> => {
    await arm(connected, id, part, settings, { times: SHARDS });
    const [counted] = await Promise.all([connected.client.call('arrived', undefined), connected.gateway.call('playAll', part)]);
    return counted;
  };
  return theatre.perform({ client: id, subject: 'manager', workers, stage: { ...recordedStage(settings), shards: SHARDS } }, async (connected) => {
    await playThrough(connected, 'warmup');
    const { cpuUs, wallUs, peakRssMiB } = await playThrough(connected, 'measured');
    const count = settings.measured * SHARDS;
    return { perSecond: (count / wallUs) * US_PER_SECOND, cpuUs: cpuUs / count, peakRssMiB };
  });
};
