/**
 * Builds the running machine of a shard: the chart from `machines/`, with real actors, dice and a schedule of beats
 * that does not drift. It is one machine for all shards; `parts.ts` says why.
 */
import { createActor } from 'xstate';
import type { ActorRefFrom } from 'xstate';
import { shardDelays, shardMachine } from '../../machines/index.ts';
import { closeSocketActor } from '../actors/close-socket.actor.ts';
import type { ConnectionDelegate } from '../connection/connection-delegate.ts';
import type { ConnectionSlot } from '../connection/connection-slot.ts';
import { ActorDependencies } from '../actors/actor-dependencies.ts';
import { identifyPermitActor } from '../actors/identify-permit.actor.ts';
import { loadSessionActor } from '../actors/load-session.actor.ts';
import { socketActor } from '../actors/socket.actor.ts';
import type { CurrentSession } from '../session/current-session.ts';
import type { SessionWriter } from '../session/session-writer.ts';
import { safeObserver } from './safe-observer.ts';
import type { ResolvedOptions } from './shard-options.ts';

export type ShardActor = ActorRefFrom<typeof shardMachine>;

/** What the actors of a shard work with. */
interface ShardActorDependencies {
  readonly options: ResolvedOptions;
  readonly connectionSlot: ConnectionSlot;
  readonly delegate: ConnectionDelegate;
  readonly session: CurrentSession;
  readonly sessionWriter: SessionWriter;
  reportBudgetSpent(retryAfterMs: number): void;
}

const dependencies = new ActorDependencies<ShardActorDependencies>();
const delays = shardDelays(({ system }) => dependencies.get(system).options.random());

const machine = shardMachine.provide({
  actors: {
    socket: socketActor(dependencies.get),
    closeSocket: closeSocketActor(dependencies.get),
    identifyPermit: identifyPermitActor(dependencies.get),
    loadSession: loadSessionActor(dependencies.get),
  },
  delays: {
    ...delays,
    heartbeatJitter: (args) => {
      const { heartbeatTracker } = dependencies.get(args.system).delegate;
      return heartbeatTracker.scheduleFirst(delays.heartbeatJitter(args), args.context.heartbeatIntervalMs ?? 0);
    },
    heartbeatInterval: ({ system }) => dependencies.get(system).delegate.heartbeatTracker.scheduleNext(),
  },
});

export function createShardActor(shard: ShardActorDependencies, onObserverError: (cause: unknown) => void): ShardActor {
  const { shardId, shardCount, shouldReconnect, timing, clock, inspect } = shard.options;
  const actor = createActor(machine, {
    input: { shardId, shardCount, shouldReconnect, session: shard.session.identity, timing },
    clock,
    ...(inspect === undefined ? {} : { inspect: safeObserver(inspect, onObserverError) }),
  });
  dependencies.set(actor.system, shard);
  return actor;
}
