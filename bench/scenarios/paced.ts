/** Latency at a steady rate: from the gateway's write to the listener, over loopback. */
import { quantile } from '../statistics.ts';
import { replayPart, recordedSetup } from './replay-scenario.ts';
import type { Scenario } from './scenario.ts';

export const paced: Scenario<'paced'> = ({ client: id, perSecond }, settings, harness) =>
  harness.run({ client: id, setup: recordedSetup(settings) }, async (connected) => {
    const { gateway, client } = connected;
    await replayPart(connected, id, 'warmup', settings);
    const count = Math.min(settings.measured, Math.round((perSecond * settings.pacedMs) / 1_000));
    const from = 2 + settings.warmup;
    await client.call('arm', { count, from, sent: count, keep: 'time', withData: false });
    const [{ cpuUs, outOfOrder, receivedAt }, sentAt] = await Promise.all([
      client.call('arrived', undefined),
      gateway.call('replayPaced', { count, perSecond }),
    ]);
    const latenciesMs = [...(receivedAt ?? [])].map((at, index) => at - (sentAt[index] ?? 0));
    return {
      p50Ms: quantile(latenciesMs, 0.5),
      p99Ms: quantile(latenciesMs, 0.99),
      mostMs: Math.max(...latenciesMs),
      cpuUs: cpuUs / count,
      outOfOrder,
    };
  });
