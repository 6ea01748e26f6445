/** Runs the rounds of the demo: sends traffic, injects one fault after another, and logs how the shards recover. */
import type { FakeConnection, FakeGateway } from '../../testing/index.ts';
import type { SeededRandom } from '../../testing/seeded-random.ts';
import type { OutputLog } from '../output-log.ts';
import type { DeliveryCounter, DeliveryCounts } from './delivery-counter.ts';
import type { DemoStats } from './demo-stats.ts';
import { endsSession } from './faults.ts';
import type { Fault, FaultTarget } from './faults.ts';
import type { Pace } from './pace.ts';
import { dispatchCount, planRound } from './plan.ts';
import type { FaultStep } from './plan.ts';
import { deliveryText } from './recovery-text.ts';
import { measureRecovery } from './recovery.ts';
import type { Recovery, RecoverySource } from './recovery.ts';
import type { TrafficGenerator } from './traffic-generator.ts';

/** A shard that a fault hits. */
export interface Hit {
  readonly shard: RecoverySource;
  readonly target: FaultTarget;
}

export interface DemoContext {
  /** One for each shard. */
  readonly counters: readonly DeliveryCounter[];
  /** The sum of the counters. */
  readonly totals: DeliveryCounts;
  readonly traffic: TrafficGenerator;
  readonly stats: DemoStats;
  readonly output: OutputLog;
  readonly signal: AbortSignal;
  readonly random: SeededRandom;
  /** The max time for a recovery, and for the dispatches after it. */
  readonly timeoutMs: number;
  /** Returns the ids of the shards that the next fault hits. */
  readonly pickShards: () => readonly number[];
  /** Resolves with those shards and their connections; a shard without a connection is left out. */
  readonly hitsFor: (shardIds: readonly number[]) => Promise<readonly Hit[]>;
  /** Returns which shards a fault hits, as ` (shards 3 and 9)`. */
  readonly shardsText: (shardIds: readonly number[]) => string;
  readonly recoveryText: (recoveries: readonly Recovery[], deliveries: string) => string;
}

/** Returns the connection that carries a session. */
export const connectionOf = (gateway: FakeGateway, sessionId: string | undefined): FakeConnection | undefined =>
  gateway.connections.findLast((connection) => connection.sessionId === sessionId);

const undo = ({ undo: undoing }: Fault, when: 'later' | 'recovered', hits: readonly Hit[]): void => {
  if (undoing?.when === when) for (const { target } of hits) undoing.run(target);
};

/** Resolves with `true` when every dispatch that was sent has arrived. */
async function allDelivered(
  counters: readonly DeliveryCounter[],
  { timeoutMs, signal }: DemoContext,
): Promise<boolean> {
  const arrived = await Promise.all(counters.map((counter) => counter.waitUntilDelivered(timeoutMs, signal)));
  return arrived.every(Boolean);
}

/** Runs one round, or rounds until the signal aborts. @throws the reason of the signal */
export async function runRounds(pace: Pace, forever: boolean, context: DemoContext): Promise<void> {
  const rounds = forever ? Infinity : 1;
  for (let round = 1; round <= rounds; round += 1) {
    const steps = planRound(context.random, pace);
    for (const [index, step] of steps.entries()) {
      const position = `${forever ? `${round}.` : ''}${index + 1}/${steps.length}`;
      await runStep(step, position, context);
      context.signal.throwIfAborted();
    }
  }
  await allDelivered(context.counters, context);
}

async function runStep(step: FaultStep, position: string, context: DemoContext): Promise<void> {
  const { counters, totals, traffic, stats, output, signal, timeoutMs } = context;
  const { fault } = step;
  await traffic.send(step.before);
  const ids = context.pickShards();
  // A dispatch that is on its way when its session ends is lost by definition, so it has to arrive before.
  if (endsSession(fault))
    await allDelivered(
      ids.flatMap((id) => counters[id] ?? []),
      context,
    );
  const hits = await context.hitsFor(ids);
  if (signal.aborted || hits.length === 0) return;

  output.paragraph();
  output.log('gateway', `${position} ${fault.name}: the gateway ${fault.presentText}${context.shardsText(ids)}`);
  const flawsBefore = totals.flaws;
  const recovering = hits.map(({ shard }) => measureRecovery(shard, fault, timeoutMs, signal));
  for (const { target } of hits) fault.inject(target);
  const reported = Promise.all(recovering).then(async (recoveries) => {
    undo(fault, 'recovered', hits);
    const arrived = await allDelivered(counters, context);
    const survived =
      arrived && recoveries.every(({ outcome }) => outcome === fault.expected) && totals.flaws === flawsBefore;
    if (!signal.aborted)
      output.log(
        survived ? 'survived' : 'failed',
        context.recoveryText(recoveries, deliveryText(totals, flawsBefore, arrived)),
      );
    return recoveries;
  });
  // The gateway can't send to a session that has ended.
  if (endsSession(fault)) await reported;
  await traffic.send(step.during);
  undo(fault, 'later', hits);
  await traffic.send(step.after);
  const recoveries = await reported;
  if (signal.aborted) return;
  for (const [index, recovery] of recoveries.entries())
    stats.recordRecovery(recovery, index === 0 ? dispatchCount(step) : 0);
}
