/** The longest the event loop is held while a backlog is read. */
import { armCounter, replayPart, recordedSetup } from './replay-scenario.ts';
import type { Scenario } from './scenario.ts';

export const block: Scenario<'block'> = ({ client: id }, settings, harness) =>
  harness.run({ client: id, setup: recordedSetup(settings) }, async (connected) => {
    const { gateway, client } = connected;
    await replayPart(connected, id, 'warmup', settings);
    await armCounter(connected, id, 'measured', settings);
    const [longestMs] = await Promise.all([
      client.call('longestBlockMs', undefined),
      gateway.call('replay', 'measured'),
    ]);
    return { longestMs };
  });
