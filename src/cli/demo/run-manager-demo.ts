/**
 * The play for many: a gateway with life in it, a manager whose shards are connected to it, and one fault after the
 * other, each for some of the shards. Each shard has a book of its own, so what is lost or comes twice is known exactly.
 */
import { serveStatus } from '../../inspect/index.ts';
import { MemoryIdentifyGate, ShardManager } from '../../index.ts';
import type { ManagerInspectionObserver } from '../../index.ts';
import { FakeGateway } from '../../testing/index.ts';
import { DispatchRate } from '../dispatch-rate.ts';
import { ManagerStatusLine } from '../manager-status-line.ts';
import { ProgressLine } from '../progress-line.ts';
import type { OutputLog } from '../output-log.ts';
import { formatCount, formatMs, formatNumber } from '../../inspect/page/model/format.ts';
import { sumCounts } from './delivery-counts.ts';
import { demoRandom } from './seed.ts';
import { runManagerStep } from './manager-fault-step.ts';
import { DeliveryCounter } from './delivery-counter.ts';
import type { Pace } from './pace.ts';
import { planRound } from './plan.ts';
import { TrafficGenerator, SERIAL, serialOf } from './traffic-generator.ts';
import { DemoStats } from './demo-stats.ts';
import { INTENTS, FakeContent } from './fake-content.ts';

export interface ManagerDemoOptions {
  readonly shards: number;
  readonly workers: number;
  readonly seed: number;
  readonly pace: Pace;
  readonly forever: boolean;
  readonly output: OutputLog;
  readonly signal: AbortSignal;
  readonly inspect: ManagerInspectionObserver | undefined;
}

/** As a bot of this size has. */
const MAX_CONCURRENCY = 16;
const GUILDS_PER_SHARD = 4;
/** Far longer than anything takes here; past it something is broken. */
const RECOVERY_TIMEOUT_MS = 30_000;

const sessionStartsFor = (shards: number): number => Math.max(1_000, 20 * shards);

function createManager({ shards, workers, pace, inspect }: ManagerDemoOptions, api: string): ShardManager {
  const { identifyIntervalMs, timing } = pace;
  const identifyGate = new MemoryIdentifyGate({
    maxConcurrency: MAX_CONCURRENCY,
    spacingMs: identifyIntervalMs,
    total: sessionStartsFor(shards),
  });
  return new ShardManager({
    token: 'fake-token',
    intents: INTENTS,
    shards,
    api,
    identifyGate,
    timing,
    ...(inspect === undefined ? {} : { inspect }),
    ...(workers === 0 ? {} : { workers }),
  });
}

/** Plays until the end, or until aborted. Everything is closed when it settles. */
export async function runManagerDemo(options: ManagerDemoOptions): Promise<DemoStats> {
  const { shards, workers, seed, pace, forever, output, signal } = options;
  const content = new FakeContent(demoRandom(`${seed}/${shards}/world`), GUILDS_PER_SHARD * shards);
  const { heartbeatIntervalMs, identifyIntervalMs } = pace;
  const sessionStartLimit = { maxConcurrency: MAX_CONCURRENCY, total: sessionStartsFor(shards) };
  await using gateway = await FakeGateway.listen({
    seed,
    heartbeatIntervalMs,
    identifyIntervalMs,
    readyGuilds: content.guilds,
    sessionStartLimit,
    shards,
    strict: true,
  });
  const manager = createManager(options, gateway.apiUrl);
  const counters = Array.from({ length: shards }, () => new DeliveryCounter());
  const totals = sumCounts(counters);
  const stats = new DemoStats(totals, gateway);
  const rate = new DispatchRate();
  /** By code, since they were told. */
  const faultCounts = new Map<string, number>();
  manager
    .on('ready', () => stats.recordSessionStart())
    .on('resumed', ({ replayed }) => stats.recordResume(replayed))
    .on('fault', ({ code }) => faultCounts.set(code, (faultCounts.get(code) ?? 0) + 1))
    .on('dispatch', ({ t, d }, shardId) => {
      rate.count(t);
      const serial = serialOf(d);
      if (serial !== null) counters[shardId]?.receive(serial);
    });
  const progress = new ProgressLine(manager, output);
  const statusLine = new ManagerStatusLine(manager, output, () => totals.received);
  const logTimer = setInterval(() => {
    const text = rate.consumeText();
    if (text !== null) output.log('events', text);
    if (faultCounts.size > 0)
      output.log('notice', [...faultCounts].map(([code, count]) => `${code} ${formatNumber(count)}×`).join(', '));
    faultCounts.clear();
  }, pace.rateEveryMs);

  const location = workers === 0 ? 'this thread' : formatCount(workers, 'worker thread');
  output.log(
    'note',
    `a gateway listens on ${gateway.url} and knows ${formatCount(content.guilds.length, 'guild')}; ${formatCount(shards, 'shard')} in ${location}`,
  );
  await using endpoint = await serveStatus(manager);
  output.log('note', `shardwright status --watch --url ${endpoint.url}`);
  try {
    progress.start();
    const startedAt = performance.now();
    await manager.connect({ signal });
    progress.stop();
    output.log(
      'ready',
      `all ${formatCount(shards, 'shard')} ready after ${formatMs(performance.now() - startedAt)}, ${formatNumber(MAX_CONCURRENCY)} at a time`,
    );
    statusLine.start();
    const traffic = new TrafficGenerator({
      content,
      everyMs: pace.burstEveryMs,
      signal,
      send: ({ t, d }) => {
        const shardId = manager.shardIdFor(String(d['guild_id']));
        gateway.dispatch(t, { ...d, [SERIAL]: counters[shardId]?.nextSerial() }, { shardId });
      },
    });
    const stepRandom = demoRandom(`${seed}/${shards}/plot`);
    const rounds = forever ? Infinity : 1;
    for (let round = 1; round <= rounds; round += 1) {
      const steps = planRound(stepRandom, pace);
      for (const [index, step] of steps.entries()) {
        const position = `${forever ? `${round}.` : ''}${index + 1}/${steps.length}`;
        await runManagerStep(step, position, {
          manager,
          gateway,
          counters,
          totals,
          traffic,
          stats,
          output,
          signal,
          random: stepRandom,
          timeoutMs: RECOVERY_TIMEOUT_MS,
        });
        signal.throwIfAborted();
      }
    }
    await Promise.all(counters.map((counter) => counter.waitUntilDelivered(RECOVERY_TIMEOUT_MS, signal)));
  } catch (error) {
    if (!signal.aborted) throw error;
  } finally {
    progress.stop();
    output.paragraph();
    output.log('note', `${signal.aborted ? 'interrupted' : 'the end'}: closing, the sessions are kept`);
    await manager.disconnect();
    stats.freeze(signal.aborted);
    clearInterval(logTimer);
    statusLine.stop();
  }
  return stats;
}
