/** CPU and time per dispatch, as fast as the client reads. */
import { playThrough, recordedStage } from './playing.ts';
import type { Scenario } from './scenario.ts';

export const backlog: Scenario<'backlog'> = ({ client: id }, settings, theatre) =>
  theatre.perform({ client: id, stage: recordedStage(settings) }, async (connected) => {
    await playThrough(connected, id, 'warmup', settings);
    const { cpuUs, wallUs, peakRssMiB, outOfOrder } = await playThrough(connected, id, 'measured', settings);
    return { cpuUs: cpuUs / settings.measured, wallUs: wallUs / settings.measured, peakRssMiB, outOfOrder };
  });
