/**
 * The demo with many shards: a ShardManager on a fake gateway whose faults each hit some of the shards. Every shard has
 * its own counter, so that lost and repeated dispatches are known exactly.
 */
import { MemoryIdentifyGate, ShardManager } from '../../index.ts';
import type { ManagerInspectionObserver } from '../../index.ts';
import { serveStatus } from '../../inspect/index.ts';
import { formatCount, formatMs, formatNumber } from '../../inspect/page/model/format.ts';
import { FakeGateway } from '../../testing/index.ts';
import type { SeededRandom } from '../../testing/seeded-random.ts';
import { DispatchRate } from '../dispatch-rate.ts';
import type { OutputLog } from '../output-log.ts';
import { ProgressLine } from '../progress-line.ts';
import { managerStatusLine } from '../status-line.ts';
import { DeliveryCounter, sumCounts } from './delivery-counter.ts';
import { DemoStats } from './demo-stats.ts';
import { FakeContent, INTENTS } from './fake-content.ts';
import { connectionOf, runRounds } from './fault-step.ts';
import type { Hit } from './fault-step.ts';
import type { Pace } from './pace.ts';
import { managerRecoveryText } from './recovery-text.ts';
import { demoRandom } from './seed.ts';
import { SERIAL, TrafficGenerator, serialOf } from './traffic-generator.ts';

export interface ManagerDemoOptions {
  readonly shards: number;
  readonly workers: number;
  readonly seed: number;
  readonly pace: Pace;
  readonly forever: boolean;
  readonly output: OutputLog;
  readonly signal: AbortSignal;
  readonly observers: readonly ManagerInspectionObserver[];
}

/** The value of a large bot. */
const MAX_CONCURRENCY = 16;
const GUILDS_PER_SHARD = 4;
/** Much longer than any recovery takes here, so reaching it means a bug. */
const RECOVERY_TIMEOUT_MS = 30_000;
/** How many shards a fault hits: one, four, or a quarter of them, but at most one row of the page's grid. */
const HIT_COUNTS: readonly ((shards: number) => number)[] = [() => 1, () => 4, (shards) => Math.ceil(shards / 4)];
const MAX_HIT_COUNT = 24;

const sessionStartsFor = (shards: number): number => Math.max(1_000, 20 * shards);

const pickShards = (random: SeededRandom, shards: number): number[] => {
  const count = Math.min(shards, MAX_HIT_COUNT, random.pick(HIT_COUNTS)(shards));
  return random
    .shuffled(Array.from({ length: shards }, (_, id) => id))
    .slice(0, count)
    .toSorted((a, b) => a - b);
};

/** ` (shard 3)`, ` (shards 3, 9, 12 and 40)`, ` (16 shards)`. */
function shardsText(ids: readonly number[]): string {
  if (ids.length === 1) return ` (shard ${ids[0]})`;
  return ids.length > 4 ? ` (${ids.length} shards)` : ` (shards ${ids.slice(0, -1).join(', ')} and ${ids.at(-1)})`;
}

function createManager({ shards, workers, pace, observers }: ManagerDemoOptions, api: string): ShardManager {
  const { identifyIntervalMs, timing } = pace;
  const identifyGate = new MemoryIdentifyGate({
    maxConcurrency: MAX_CONCURRENCY,
    spacingMs: identifyIntervalMs,
    total: sessionStartsFor(shards),
  });
  return new ShardManager({
    proxy: false,
    token: 'fake-token',
    intents: INTENTS,
    shards,
    api,
    identifyGate,
    timing,
    inspect: observers,
    ...(workers === 0 ? {} : { workers }),
  });
}

const hitsOf = (manager: ShardManager, gateway: FakeGateway, ids: readonly number[]): Hit[] =>
  ids.flatMap((id) => {
    const shard = manager.shards.get(id);
    const connection = shard === undefined ? undefined : connectionOf(gateway, shard.session?.sessionId);
    return shard === undefined || connection === undefined ? [] : [{ shard, target: { gateway, connection } }];
  });

/** Logs dispatch rates and fault counts every `everyMs`. Returns the function that stops it. */
function logRates(manager: ShardManager, output: OutputLog, everyMs: number): () => void {
  const rate = new DispatchRate();
  const faultCounts = new Map<string, number>();
  manager
    .on('dispatch', ({ t }) => rate.count(t))
    .on('fault', ({ code }) => faultCounts.set(code, (faultCounts.get(code) ?? 0) + 1));
  const timer = setInterval(() => {
    const text = rate.consumeText();
    if (text !== null) output.log('events', text);
    if (faultCounts.size > 0)
      output.log('notice', [...faultCounts].map(([code, count]) => `${code} ${formatNumber(count)}×`).join(', '));
    faultCounts.clear();
  }, everyMs);
  return () => clearInterval(timer);
}

/** Resolves at the end of the run, or after an abort, when everything is closed. */
export async function runManagerDemo(options: ManagerDemoOptions): Promise<DemoStats> {
  const { shards, workers, seed, pace, forever, output, signal } = options;
  const content = new FakeContent(demoRandom(`${seed}/${shards}/world`), GUILDS_PER_SHARD * shards);
  const { heartbeatIntervalMs, identifyIntervalMs } = pace;
  await using gateway = await FakeGateway.listen({
    seed,
    heartbeatIntervalMs,
    identifyIntervalMs,
    readyGuilds: content.guilds,
    sessionStartLimit: { maxConcurrency: MAX_CONCURRENCY, total: sessionStartsFor(shards) },
    shards,
    strict: true,
  });
  const manager = createManager(options, gateway.apiUrl);
  const counters = Array.from({ length: shards }, () => new DeliveryCounter());
  const totals = sumCounts(counters);
  const stats = new DemoStats(totals, gateway);
  manager
    .on('ready', () => stats.recordSessionStart())
    .on('resumed', ({ replayed }) => stats.recordResume(replayed))
    .on('dispatch', ({ d }, shardId) => {
      const serial = serialOf(d);
      if (serial !== null) counters[shardId]?.receive(serial);
    });
  const progress = new ProgressLine(manager, output);
  const statusLine = managerStatusLine(manager, output, () => totals.received);
  const stopLogging = logRates(manager, output, pace.rateEveryMs);

  const location = workers === 0 ? 'this thread' : formatCount(workers, 'worker thread');
  output.log(
    'note',
    `a fake gateway listens on ${gateway.url}, with ${formatCount(content.guilds.length, 'guild')}; ${formatCount(shards, 'shard')} in ${location}`,
  );
  await using endpoint = await serveStatus(manager);
  output.log('note', `to watch: shardwright status --watch --url ${endpoint.url}`);
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
    const random = demoRandom(`${seed}/${shards}/plot`);
    await runRounds(pace, forever, {
      counters,
      totals,
      traffic,
      stats,
      output,
      signal,
      random,
      timeoutMs: RECOVERY_TIMEOUT_MS,
      pickShards: () => pickShards(random, shards),
      hitsFor: async (ids) => hitsOf(manager, gateway, ids),
      shardsText,
      recoveryText: managerRecoveryText,
    });
  } catch (error) {
    if (!signal.aborted) throw error;
  } finally {
    progress.stop();
    output.paragraph();
    output.log('note', `${signal.aborted ? 'interrupted' : 'the end'}: closing, the sessions are kept`);
    await manager.disconnect();
    stats.freeze(signal.aborted);
    stopLogging();
    statusLine.stop();
  }
  return stats;
}
