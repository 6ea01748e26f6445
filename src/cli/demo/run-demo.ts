/**
 * The demo with one shard, connected to a fake gateway that misbehaves. A seed decides the number of dispatches, not
 * the time, so it gives the same run on any machine.
 */
import { MemoryIdentifyGate, Shard } from '../../index.ts';
import type { ManagerInspectionObserver } from '../../index.ts';
import { formatCount } from '../../inspect/page/model/format.ts';
import { FakeGateway } from '../../testing/index.ts';
import { logEvents } from '../event-logger.ts';
import type { OutputLog } from '../output-log.ts';
import { shardStatusLine } from '../status-line.ts';
import { DeliveryCounter } from './delivery-counter.ts';
import { DemoStats } from './demo-stats.ts';
import { FakeContent, INTENTS } from './fake-content.ts';
import { connectionOf, runRounds } from './fault-step.ts';
import type { Hit } from './fault-step.ts';
import type { Pace } from './pace.ts';
import { recoveryText } from './recovery-text.ts';
import { demoRandom } from './seed.ts';
import { SERIAL, TrafficGenerator, serialOf } from './traffic-generator.ts';

export interface DemoOptions {
  readonly seed: number;
  readonly pace: Pace;
  readonly forever: boolean;
  readonly output: OutputLog;
  readonly signal: AbortSignal;
  readonly observers: readonly ManagerInspectionObserver[];
}

/** Much longer than any recovery takes here, so reaching it means a bug. */
const RECOVERY_TIMEOUT_MS = 10_000;

/** Resolves at the end of the run, or after an abort, when everything is closed. */
export async function runDemo({ seed, pace, forever, output, signal, observers }: DemoOptions): Promise<DemoStats> {
  const counter = new DeliveryCounter();
  const content = new FakeContent(demoRandom(`${seed}/world`));
  const { heartbeatIntervalMs, identifyIntervalMs, timing } = pace;
  await using gateway = await FakeGateway.listen({
    seed,
    heartbeatIntervalMs,
    identifyIntervalMs,
    readyGuilds: content.guilds,
    strict: true,
  });
  const statusLine = shardStatusLine(output);
  const shard = new Shard({
    proxy: false,
    token: 'fake-token',
    intents: INTENTS,
    url: gateway.url,
    identifyGate: new MemoryIdentifyGate({ spacingMs: identifyIntervalMs }),
    timing,
    random: demoRandom(`${seed}/shard`).next,
    inspect: [statusLine.inspect, ...observers],
  });
  const stats = new DemoStats(counter, gateway);
  const stopLogging = logEvents(shard, output, { rateEveryMs: pace.rateEveryMs });
  shard
    .on('ready', () => stats.recordSessionStart())
    .on('resumed', ({ replayed }) => stats.recordResume(replayed))
    .on('dispatch', ({ d }) => {
      const serial = serialOf(d);
      if (serial !== null) counter.receive(serial);
    });

  statusLine.start();
  output.log('note', `a fake gateway listens on ${gateway.url}, with ${formatCount(content.guilds.length, 'guild')}`);
  try {
    await shard.connect({ signal });
    const traffic = new TrafficGenerator({
      content,
      everyMs: pace.burstEveryMs,
      signal,
      send: ({ t, d }) => gateway.dispatch(t, { ...d, [SERIAL]: counter.nextSerial() }),
    });
    await runRounds(pace, forever, {
      counters: [counter],
      totals: counter,
      traffic,
      stats,
      output,
      signal,
      random: demoRandom(`${seed}/plot`),
      timeoutMs: RECOVERY_TIMEOUT_MS,
      pickShards: () => [0],
      hitsFor: () => hitsOf(shard, gateway, signal),
      shardsText: () => '',
      recoveryText: ([recovery], deliveries) => (recovery === undefined ? '' : recoveryText(recovery, deliveries)),
    });
  } catch (error) {
    if (!signal.aborted) throw error;
  } finally {
    output.paragraph();
    const sessionText = shard.session === null ? 'there is no session' : 'the session is kept';
    output.log('note', `${signal.aborted ? 'interrupted' : 'the end'}: closing, ${sessionText}`);
    await shard.disconnect();
    stats.freeze(signal.aborted);
    stopLogging();
    statusLine.stop();
  }
  return stats;
}

/** Resolves with the shard's connection once the shard is ready. */
async function hitsOf(shard: Shard, gateway: FakeGateway, signal: AbortSignal): Promise<Hit[]> {
  if (shard.state !== 'ready') await shard.connect({ signal }).catch(() => undefined);
  const connection = connectionOf(gateway, shard.session?.sessionId);
  return connection === undefined ? [] : [{ shard, target: { gateway, connection } }];
}
