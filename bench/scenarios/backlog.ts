/** CPU and time per dispatch, as fast as the client reads. */
import { replayPart, recordedSetup } from './replay-scenario.ts';
import type { Scenario } from './scenario.ts';

export const backlog: Scenario<'backlog'> = ({ client: id }, settings, harness) =>
  harness.run({ client: id, setup: recordedSetup(settings) }, async (connected) => {
    await replayPart(connected, id, 'warmup', settings);
    const { cpuUs, wallUs, peakRssMiB, outOfOrder } = await replayPart(connected, id, 'measured', settings);
    return { cpuUs: cpuUs / settings.measured, wallUs: wallUs / settings.measured, peakRssMiB, outOfOrder };
  });
