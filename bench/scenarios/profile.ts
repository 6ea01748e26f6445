/** Where the time of a backlog goes, and what it allocates: sampled, each in a play of its own. */
import { PARTS } from '../client/profiler.ts';
import { replayPart, recordedSetup } from './replay-scenario.ts';
import type { Sample, Scenario } from './scenario.ts';

const BYTES_PER_KIB = 1_024;

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
    const whole = PARTS.reduce((sum, part) => sum + us[part], 0);
    return {
      ...Object.fromEntries(PARTS.map((part) => [`${part}Percent`, (us[part] / whole) * 100])),
      allocatedKiB: allocatedBytes / BYTES_PER_KIB / settings.measured,
    };
  });
