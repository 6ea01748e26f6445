/**
 * Builds the running machine of a shard: the chart from `machines/`, with real actors, dice and a schedule of beats
 * that does not drift.
 */
import { createActor } from 'xstate';
import type { ActorRefFrom } from 'xstate';
import { shardDelays, shardMachine } from '../../machines/index.ts';
import { closerActor } from '../actors/closer.ts';
import type { ConnectionHost } from '../actors/connection-host.ts';
import type { Line } from '../actors/line.ts';
import { permitActor } from '../actors/permit.ts';
import { restoreActor } from '../actors/restore.ts';
import { socketActor } from '../actors/socket.ts';
import { ToldGate } from '../actors/told-gate.ts';
import type { SessionKeeper } from '../session/session-keeper.ts';
import { guardedObserver } from './guarded-observer.ts';
import type { ResolvedOptions } from './shard-options.ts';

export type ShardActor = ActorRefFrom<typeof shardMachine>;

interface Parts {
  options: ResolvedOptions;
  line: Line;
  host: ConnectionHost;
  keeper: SessionKeeper;
  onBudgetSpent: (retryAfterMs: number) => void;
  onObserverThrew: (cause: unknown) => void;
}

export function createShardActor({ options, line, host, keeper, onBudgetSpent, onObserverThrew }: Parts): ShardActor {
  const { shardId, shardCount, shouldReconnect, timing, clock, random } = options;
  const delays = shardDelays(random);
  const machine = shardMachine.provide({
    actors: {
      socket: socketActor(line, host),
      closer: closerActor(line),
      permit: permitActor(line, ToldGate.of(options.identifyGate, clock), onBudgetSpent),
      restore: restoreActor(host.cell, keeper),
    },
    delays: {
      ...delays,
      heartbeatJitter: (args) => host.pulse.scheduleFirst(delays.heartbeatJitter(args), args.context.heartbeatIntervalMs ?? 0),
      heartbeatInterval: () => host.pulse.scheduleNext(),
    },
  });
  return createActor(machine, {
    input: { shardId, shardCount, shouldReconnect, session: host.cell.identity, timing },
    clock: {
      setTimeout: (callback, delayMs) => clock.setTimeout(() => callback(), delayMs),
      clearTimeout: (handle) => clock.clearTimeout(handle),
    },
    ...(options.inspect === undefined ? {} : { inspect: guardedObserver(options.inspect, onObserverThrew) }),
  });
}
