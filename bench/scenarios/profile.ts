/** Where the time of a backlog goes, and what it allocates: sampled, each in a play of its own. */
import { PARTS } from '../client/profiler.ts';
import { playThrough, recordedStage } from './playing.ts';
import type { Sample, Scenario } from './scenario.ts';

const BYTES_PER_KIB = 1_024;

export const profile: Scenario<'profile'> = ({ client: id }, settings, theatre) =>
  theatre.perform({ client: id, stage: recordedStage(settings) }, async (connected): Promise<Sample> => {
    const { client } = connected;
    await playThrough(connected, id, 'warmup', settings);
    await client.call('startCpuProfile', undefined);
    await playThrough(connected, id, 'measured', settings);
    const { us } = await client.call('stopCpuProfile', undefined);
    await playThrough(connected, id, 'warmup', settings);
    await client.call('startHeapProfile', undefined);
    await playThrough(connected, id, 'measured', settings);
    const { allocatedBytes } = await client.call('stopHeapProfile', undefined);
    const whole = PARTS.reduce((sum, part) => sum + us[part], 0);
    return {
      ...Object.fromEntries(PARTS.map((part) => [`${part}Percent`, (us[part] / whole) * 100])),
      allocatedKiB: allocatedBytes / BYTES_PER_KIB / settings.measured,
    };
  });
