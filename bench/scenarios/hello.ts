/** From HELLO to IDENTIFY, in a process that has just begun. */
import { liveSetup } from './live.ts';
import type { Scenario } from './scenario.ts';

export const hello: Scenario<'hello'> = ({ client: id }, _settings, harness) =>
  harness.run({ client: id, setup: liveSetup(1) }, async ({ gateway }) => {
    const [ms = Number.NaN] = await gateway.call('helloToIdentifyMs', undefined);
    return { ms };
  });
