/** The longest the event loop is held while a backlog is read. */
import { arm, playThrough, recordedStage } from './playing.ts';
import type { Scenario } from './scenario.ts';

export const block: Scenario<'block'> = ({ client: id }, settings, theatre) =>
  theatre.perform({ client: id, stage: recordedStage(settings) }, async (connected) => {
    const { gateway, client } = connected;
    await playThrough(connected, id, 'warmup', settings);
    await arm(connected, id, 'measured', settings);
    const [longestMs] = await Promise.all([client.call('longestBlockMs', undefined), gateway.call('play', 'measured')]);
    return { longestMs };
  });
