/**
 * Creates the actor that runs a shard's machine, with the real actors, random numbers and heartbeat schedule. All
 * shards share one machine; `actor-dependencies.ts` says why.
 */
import { createActor } from 'xstate';
import type { ActorRefFrom } from 'xstate';
import { shardDelays, shardMachine } from '../../machines/index.ts';
import { dependenciesOf, setDependencies } from '../actors/actor-dependencies.ts';
import type { ActorDependencies } from '../actors/actor-dependencies.ts';
import { closeSocketActor } from '../actors/close-socket.actor.ts';
import { identifyPermitActor } from '../actors/identify-permit.actor.ts';
import { loadSessionActor } from '../actors/load-session.actor.ts';
import { socketActor } from '../actors/socket.actor.ts';
import { warmUpActor } from '../actors/warm-up.actor.ts';
import { safeObservers } from './safe-observer.ts';
import type { ResolvedOptions } from './shard-options.ts';

export type ShardActor = ActorRefFrom<typeof shardMachine>;

const machine = shardMachine.provide({
  actors: {
    socket: socketActor,
    closeSocket: closeSocketActor,
    identifyPermit: identifyPermitActor,
    loadSession: loadSessionActor,
    warmUp: warmUpActor,
  },
  delays: shardDelays({
    random: ({ system }) => dependenciesOf(system).options.random(),
    heartbeatSchedule: ({ system }) => dependenciesOf(system).heartbeatTracker,
  }),
});

export function createShardActor(
  dependencies: ActorDependencies,
  { shardId, shardCount, shouldReconnect, warmStart, timing, clock, inspect }: ResolvedOptions,
  onObserverError: (cause: unknown) => void,
): ShardActor {
  const actor = createActor(machine, {
    input: { shardId, shardCount, shouldReconnect, warmStart, session: dependencies.session.identity, timing },
    clock,
    ...(inspect === undefined ? {} : { inspect: safeObservers(inspect, onObserverError) }),
  });
  setDependencies(actor.system, dependencies);
  return actor;
}
