/** How late heartbeats reach the gateway while the client reads dispatches at full speed. */
import { gaps, quantile } from '../statistics.ts';
import type { Setting } from '../theatre.ts';
import type { Scenario } from './scenario.ts';

/** Played again and again. */
const LAP = 1_000;

export const heartbeat: Scenario<'heartbeat'> = ({ client: id }, { seed, heartbeatIntervalMs, floodMs }, theatre) => {
  const stage: Setting = { mode: 'recorded', shards: 1, heartbeatIntervalMs, warmup: 0, measured: LAP, seed };
  return theatre.perform({ client: id, stage }, async ({ gateway }) => {
    const beats = await gateway.call('flood', floodMs);
    const latePercent = gaps(beats).map((gap) => (Math.max(0, gap - heartbeatIntervalMs) / heartbeatIntervalMs) * 100);
    return { medianLatePercent: quantile(latePercent, 0.5), mostLatePercent: Math.max(...latePercent), beats: beats.length };
  });
};
