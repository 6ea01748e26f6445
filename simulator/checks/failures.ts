/** Checks that no shard fails in silence: `connect()` may have settled long before, so an event has to say it. */
import type { GatewayError, ShardEvents } from '../../src/index.ts';
import type { SimulatedProcess } from '../simulated-process.ts';
import type { World } from '../world.ts';
import type { Check } from './check.ts';

/** What can fail: a shard or, in a manager, each of its shards. */
interface Failable {
  readonly shardId: number;
  readonly failure: GatewayError | null;
}

interface Running {
  readonly proc: SimulatedProcess;
  readonly shards: readonly Failable[];
}

/** The processes whose shards have had the time to say why they failed. */
const runningIn = ({ shardPlaces, bot }: World): Running[] => [
  ...shardPlaces.flatMap(({ processes }) => processes).map((proc) => ({ proc, shards: [proc.shard] })),
  // A failure that all shards share is emitted when the manager has closed them all.
  ...(bot?.processes ?? [])
    .filter(({ manager }) => manager.state !== 'draining')
    .map((proc) => ({ proc, shards: [...proc.manager.shards.values()] })),
];

export const failureHeard: Check = {
  rule: 'every failure of a shard is emitted, as failed or, of a manager that goes on, as a fault',
  watch(world, complain) {
    const { eventLog } = world;
    const heard = new WeakSet<GatewayError>();
    const checkNow = (): void => {
      for (const { proc, shards } of runningIn(world)) {
        if (proc.isOver) continue;
        for (const { shardId, failure } of shards)
          if (failure !== null && !heard.has(failure))
            complain(`shard ${shardId} failed with ${failure.code}, and no listener heard of it`);
      }
    };
    // The events of one failure come within one turn.
    const checkSoon = (): void => process.nextTick(checkNow);
    const onEmitted = (name: string, [arg]: readonly unknown[]): void => {
      if (name === 'failed') heard.add(arg as GatewayError);
      if (name === 'stateChange' && (arg as ShardEvents['stateChange'][0]).to === 'failed') checkSoon();
    };
    eventLog.on('emitted', ({ name, args }) => onEmitted(name, args));
    eventLog.on('bot.emitted', ({ name, args }) => {
      // The failure of a manager is a fault if the user connects it while it closes its shards.
      if (name === 'fault' && args[1] === null) heard.add(args[0] as GatewayError);
      onEmitted(name, args);
    });
    eventLog.on('bot.state', checkSoon);
    for (const name of ['recovery.began', 'recovery.ended', 'stopped'] as const) eventLog.on(name, checkNow);
  },
};
