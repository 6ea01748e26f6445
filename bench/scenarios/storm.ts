/** All sockets of a process are killed at once: how long until all are resumed, and how the attempts are spread. */
import { quantile } from '../statistics.ts';
import { liveSetup } from './live.ts';
import type { Scenario } from './scenario.ts';

export const storm: Scenario<'storm'> = ({ client: id }, { stormShards }, harness) =>
  harness.run({ client: id, setup: liveSetup(stormShards) }, async ({ gateway }) => {
    const { attemptsMs, resumedMs, identified } = await gateway.call('kill', undefined);
    const first = attemptsMs.slice(0, stormShards);
    return {
      allResumedMs: Math.max(...resumedMs),
      medianResumedMs: quantile(resumedMs, 0.5),
      spreadMs: Math.max(...first) - Math.min(...first),
      identified,
      shards: stormShards,
    };
  });
