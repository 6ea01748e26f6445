/** From HELLO to IDENTIFY, in a process that has just begun. */
import { liveStage } from './live.ts';
import type { Scenario } from './scenario.ts';

export const hello: Scenario<'hello'> = ({ client: id }, _settings, theatre) =>
  theatre.perform({ client: id, stage: liveStage(1) }, async ({ gateway }) => {
    const [ms = Number.NaN] = await gateway.call('helloToIdentifyMs', undefined);
    return { ms };
  });
