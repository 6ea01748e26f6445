/**
 * Builds the running machine of a shard: the chart from `machines/`, with real actors, dice and a schedule of beats
 * that does not drift. It is one machine for all shards; `parts.ts` says why.
 */
import { createActor } from 'xstate';
import type { ActorRefFrom } from 'xstate';
import { shardDelays, shardMachine } from '../../machines/index.ts';
import { closerActor } from '../actors/closer.ts';
import type { ConnectionHost } from '../actors/connection-host.ts';
import type { Line } from '../actors/line.ts';
import { PartsBySystem } from '../actors/parts.ts';
import { permitActor } from '../actors/permit.ts';
import { restoreActor } from '../actors/restore.ts';
import { socketActor } from '../actors/socket.ts';
import type { SessionCell } from '../session/session-cell.ts';
import type { SessionKeeper } from '../session/session-keeper.ts';
import { guardedObserver } from './guarded-observer.ts';
import type { ResolvedOptions } from './shard-options.ts';

export type ShardActor = ActorRefFrom<typeof shardMachine>;

/** What the actors of a shard work with. */
interface Parts {
  readonly options: ResolvedOptions;
  readonly line: Line;
  readonly host: ConnectionHost;
  readonly cell: SessionCell;
  readonly keeper: SessionKeeper;
  budgetSpent(retryAfterMs: number): void;
}

const parts = new PartsBySystem<Parts>();
const delays = shardDelays(({ system }) => parts.of(system).options.random());

const machine = shardMachine.provide({
  actors: {
    socket: socketActor(parts.of),
    closer: closerActor(parts.of),
    permit: permitActor(parts.of),
    restore: restoreActor(parts.of),
  },
  delays: {
    ...delays,
    heartbeatJitter: (asking) => {
      const { pulse } = parts.of(asking.system).host;
      return pulse.scheduleFirst(delays.heartbeatJitter(asking), asking.context.heartbeatIntervalMs ?? 0);
    },
    heartbeatInterval: ({ system }) => parts.of(system).host.pulse.scheduleNext(),
  },
});

export function createShardActor(shard: Parts, onObserverThrew: (cause: unknown) => void): ShardActor {
  const { shardId, shardCount, shouldReconnect, timing, clock, inspect } = shard.options;
  const actor = createActor(machine, {
    input: { shardId, shardCount, shouldReconnect, session: shard.cell.identity, timing },
    clock,
    ...(inspect === undefined ? {} : { inspect: guardedObserver(inspect, onObserverThrew) }),
  });
  parts.set(actor.system, shard);
  return actor;
}
