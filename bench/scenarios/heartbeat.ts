/** How late heartbeats reach the gateway while the client reads dispatches at full speed. */
import { gaps, quantile } from '../statistics.ts';
import type { RunSetup } from '../harness.ts';
import type { Scenario } from './scenario.ts';

/** Played again and again. */
const EVENTS_PER_LOOP = 1_000;

export const heartbeat: Scenario<'heartbeat'> = ({ client: id }, { seed, heartbeatIntervalMs, floodMs }, harness) => {
  const setup: RunSetup = {
    mode: 'recorded',
    shards: 1,
    heartbeatIntervalMs,
    warmup: 0,
    measured: EVENTS_PER_LOOP,
    seed,
  };
  return harness.run({ client: id, setup }, async ({ gateway }) => {
    const heartbeats = await gateway.call('flood', floodMs);
    const latePercent = gaps(heartbeats).map(
      (gap) => (Math.max(0, gap - heartbeatIntervalMs) / heartbeatIntervalMs) * 100,
    );
    return {
      medianLatePercent: quantile(latePercent, 0.5),
      mostLatePercent: Math.max(...latePercent),
      beats: heartbeats.length,
    };
  });
};
