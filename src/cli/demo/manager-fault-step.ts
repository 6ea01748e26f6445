/** One fault of the play for many: which shards it hits, what comes of it, and the telling of both. */
import type { ShardHandle, ShardManager } from '../../index.ts';
import type { FakeConnection, FakeGateway } from '../../testing/index.ts';
import type { OutputLog } from '../output-log.ts';
import { formatCount, formatMs } from '../../inspect/page/model/format.ts';
import type { DeliveryCounts } from './delivery-counts.ts';
import type { SeededRandom } from '../../testing/seeded-random.ts';
import { endsSession } from './faults.ts';
import type { Fault } from './faults.ts';
import type { DeliveryCounter } from './delivery-counter.ts';
import { dispatchCount } from './plan.ts';
import type { FaultStep } from './plan.ts';
import type { TrafficGenerator } from './traffic-generator.ts';
import type { DemoStats } from './demo-stats.ts';
import { deliveryText } from './recovery-text.ts';
import { measureRecovery } from './recovery.ts';
import type { Recovery } from './recovery.ts';

export interface ManagerDemoContext {
  readonly manager: ShardManager;
  readonly gateway: FakeGateway;
  /** By shard id. */
  readonly counters: readonly DeliveryCounter[];
  /** Their sum. */
  readonly totals: DeliveryCounts;
  readonly traffic: TrafficGenerator;
  readonly stats: DemoStats;
  readonly output: OutputLog;
  readonly signal: AbortSignal;
  readonly random: SeededRandom;
  readonly timeoutMs: number;
}

/** One shard, a handful, or a quarter of them, but no more than a row of the grid. */
const SIZES: readonly ((shards: number) => number)[] = [() => 1, () => 4, (shards) => Math.ceil(shards / 4)];
const MAX_HIT = 24;

const pickShards = (random: SeededRandom, shards: number): number[] => {
  const count = Math.min(shards, MAX_HIT, random.pick(SIZES)(shards));
  return random
    .shuffled(Array.from({ length: shards }, (_, id) => id))
    .slice(0, count)
    .toSorted((a, b) => a - b);
};

/** `shard 3`, `shards 3, 9, 12 and 40`, `16 shards`. */
function shardsText(ids: readonly number[]): string {
  if (ids.length === 1) return `shard ${ids[0]}`;
  return ids.length > 4 ? `${ids.length} shards` : `shards ${ids.slice(0, -1).join(', ')} and ${ids.at(-1)}`;
}

const connectionOf = (gateway: FakeGateway, { session }: ShardHandle): FakeConnection | undefined =>
  gateway.connections.findLast(({ sessionId }) => sessionId === session?.sessionId);

export async function runManagerStep(step: FaultStep, position: string, context: ManagerDemoContext): Promise<void> {
  const { manager, gateway, counters, totals, traffic, stats, output, signal, random, timeoutMs } = context;
  const { fault } = step;
  await traffic.send(step.before);
  const ids = pickShards(random, counters.length);
  // What is under way when a session is ended is lost by definition: it has to arrive before.
  if (endsSession(fault))
    await Promise.all(
      ids.flatMap((id) => counters[id] ?? []).map((counter) => counter.waitUntilDelivered(timeoutMs, signal)),
    );
  const hits = ids.flatMap((id) => {
    const handle = manager.shards.get(id);
    const connection = handle === undefined ? undefined : connectionOf(gateway, handle);
    return handle === undefined || connection === undefined ? [] : [{ handle, target: { gateway, connection } }];
  });
  if (signal.aborted) return;

  output.paragraph();
  output.log('gateway', `${position} ${fault.name}: the gateway ${fault.presentText} (${shardsText(ids)})`);
  const flawsBefore = totals.flaws;
  const recovering = hits.map(({ handle }) => measureRecovery(handle, fault, timeoutMs, signal));
  for (const { target } of hits) fault.inject(target);
  const undo = (when: 'later' | 'recovered'): void => {
    if (fault.undo?.when === when) for (const { target } of hits) fault.undo.run(target);
  };
  const reported = Promise.all(recovering).then(async (recoveries) => {
    undo('recovered');
    const arrived = (await Promise.all(counters.map((counter) => counter.waitUntilDelivered(timeoutMs, signal)))).every(
      Boolean,
    );
    const survived =
      arrived && recoveries.every(({ outcome }) => outcome === fault.expected) && totals.flaws === flawsBefore;
    if (!signal.aborted)
      output.log(
        survived ? 'survived' : 'failed',
        managerRecoveryText(fault, recoveries, deliveryText(totals, flawsBefore, arrived)),
      );
    return recoveries;
  });
  // Without a session there is nobody to send to.
  if (endsSession(fault)) await reported;
  await traffic.send(step.during);
  undo('later');
  await traffic.send(step.after);
  const recoveries = await reported;
  if (signal.aborted) return;
  for (const [index, recovery] of recoveries.entries())
    stats.recordRecovery(recovery, index === 0 ? dispatchCount(step) : 0);
}

function managerRecoveryText(fault: Fault, recoveries: readonly Recovery[], deliveries: string): string {
  const maxDuration = (figure: 'noticedMs' | 'backMs'): string =>
    formatMs(Math.max(...recoveries.map((recovery) => recovery[figure])));
  const back = recoveries.filter(({ outcome }) => outcome === fault.expected).length;
  const how = fault.expected === 'resumed' ? 'resumed' : 'began new sessions';
  const replayed = recoveries.reduce((sum, recovery) => sum + recovery.replayed, 0);
  return [
    `the gateway ${fault.pastText}; noticed after ${maxDuration('noticedMs')}`,
    `${back} of ${formatCount(recoveries.length, 'shard')} ${how} within ${maxDuration('backMs')}`,
    ...(replayed > 0 ? [`${formatCount(replayed, 'dispatch')} replayed`] : []),
    deliveries,
  ].join(', ');
}
