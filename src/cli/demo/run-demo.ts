/**
 * The play itself: a gateway with life in it, a shard that is connected to it, and one fault after the other. What
 * is sent is counted in steps, not in seconds, so a seed gives the same play on any machine.
 */
import { FakeGateway } from '../../testing/index.ts';
import type { FakeConnection } from '../../testing/index.ts';
import { MemoryIdentifyGate, Shard } from '../../index.ts';
import type { InspectionObserver } from '../../index.ts';
import { combineObservers } from '../inspect-option.ts';
import { logEvents } from '../event-logger.ts';
import { ShardStatusLine } from '../shard-status-line.ts';
import type { OutputLog } from '../output-log.ts';
import { formatCount } from '../../inspect/page/model/format.ts';
import { demoRandom } from './seed.ts';
import { endsSession } from './faults.ts';
import { DeliveryCounter } from './delivery-counter.ts';
import type { Pace } from './pace.ts';
import { planRound, dispatchCount } from './plan.ts';
import type { FaultStep } from './plan.ts';
import { TrafficGenerator, SERIAL, serialOf } from './traffic-generator.ts';
import { DemoStats } from './demo-stats.ts';
import { deliveryText, recoveryText } from './recovery-text.ts';
import { measureRecovery } from './recovery.ts';
import { INTENTS, FakeContent } from './fake-content.ts';

export interface DemoOptions {
  readonly seed: number;
  readonly pace: Pace;
  readonly forever: boolean;
  readonly output: OutputLog;
  readonly signal: AbortSignal;
  readonly inspect: InspectionObserver;
}

/** Far longer than anything takes here; past it something is broken. */
const RECOVERY_TIMEOUT_MS = 10_000;

/** Plays until the end, or until aborted. Everything is closed when it settles. */
export async function runDemo({ seed, pace, forever, output, signal, inspect }: DemoOptions): Promise<DemoStats> {
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
  const statusLine = new ShardStatusLine(output);
  const shard = new Shard({
    token: 'fake-token',
    intents: INTENTS,
    url: gateway.url,
    identifyGate: new MemoryIdentifyGate({ spacingMs: identifyIntervalMs }),
    timing,
    random: demoRandom(`${seed}/shard`).next,
    inspect: combineObservers(statusLine.inspect, inspect),
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
  output.log('note', `a gateway listens on ${gateway.url} and knows ${formatCount(content.guilds.length, 'guild')}`);
  try {
    await shard.connect({ signal });
    const traffic = new TrafficGenerator({
      content,
      everyMs: pace.burstEveryMs,
      signal,
      send: ({ t, d }) => gateway.dispatch(t, { ...d, [SERIAL]: counter.nextSerial() }),
    });
    const stepRandom = demoRandom(`${seed}/plot`);
    const rounds = forever ? Infinity : 1;
    for (let round = 1; round <= rounds; round += 1) {
      const steps = planRound(stepRandom, pace);
      for (const [index, step] of steps.entries()) {
        const position = `${forever ? `${round}.` : ''}${index + 1}/${steps.length}`;
        await runStep(step, position, { shard, gateway, counter, traffic, stats, output, signal });
        signal.throwIfAborted();
      }
    }
    await counter.waitUntilDelivered(RECOVERY_TIMEOUT_MS, signal);
  } catch (error) {
    if (!signal.aborted) throw error;
  } finally {
    output.paragraph();
    const sessionText = shard.session === null ? 'there is no session now' : 'the session is kept';
    output.log('note', `${signal.aborted ? 'interrupted' : 'the end'}: closing, ${sessionText}`);
    await shard.disconnect();
    stats.freeze(signal.aborted);
    stopLogging();
    statusLine.stop();
  }
  return stats;
}

interface DemoContext {
  readonly shard: Shard;
  readonly gateway: FakeGateway;
  readonly counter: DeliveryCounter;
  readonly traffic: TrafficGenerator;
  readonly stats: DemoStats;
  readonly output: OutputLog;
  readonly signal: AbortSignal;
}

async function runStep(
  step: FaultStep,
  position: string,
  { shard, gateway, counter, traffic, stats, output, signal }: DemoContext,
): Promise<void> {
  const { fault } = step;
  await traffic.send(step.before);
  // What is under way when a session is ended is lost by definition: it has to arrive before.
  if (endsSession(fault)) await counter.waitUntilDelivered(RECOVERY_TIMEOUT_MS, signal);
  const connection = await waitForConnection(shard, gateway, signal);
  if (signal.aborted || connection === null) return;

  const target = { gateway, connection };
  output.paragraph();
  output.log('gateway', `${position} ${fault.name}: the gateway ${fault.presentText}`);
  const flawsBefore = counter.flaws;
  const recovering = measureRecovery(shard, fault, RECOVERY_TIMEOUT_MS, signal);
  fault.inject(target);
  const reported = recovering.then(async (recovery) => {
    if (fault.undo?.when === 'recovered') fault.undo.run(target);
    const arrived = await counter.waitUntilDelivered(RECOVERY_TIMEOUT_MS, signal);
    const survived = arrived && recovery.outcome === fault.expected && counter.flaws === flawsBefore;
    if (!signal.aborted)
      output.log(survived ? 'survived' : 'failed', recoveryText(recovery, deliveryText(counter, flawsBefore, arrived)));
    return recovery;
  });
  // Without a session there is nobody to send to.
  if (endsSession(fault)) await reported;
  await traffic.send(step.during);
  if (fault.undo?.when === 'later') fault.undo.run(target);
  await traffic.send(step.after);
  const recovery = await reported;
  if (!signal.aborted) stats.recordRecovery(recovery, dispatchCount(step));
}

/** The connection the session is on, once the shard is ready; `null` when aborted before. */
async function waitForConnection(
  shard: Shard,
  gateway: FakeGateway,
  signal: AbortSignal,
): Promise<FakeConnection | null> {
  if (shard.state !== 'ready') await shard.connect({ signal }).catch(() => undefined);
  return gateway.connections.findLast(({ sessionId }) => sessionId === shard.session?.sessionId) ?? null;
}
