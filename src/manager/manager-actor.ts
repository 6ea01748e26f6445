/** Creates the running machine of a manager: the statechart of `machines/`, with real actors and random delays. */
import { createActor, fromCallback } from 'xstate';
import type { ActorRefFrom } from 'xstate';
import { managerDelays, managerMachine } from '../../machines/index.ts';
import type { FleetCommand } from '../../machines/index.ts';
import { GatewayError } from '../protocol/errors.ts';
import { handlerByType } from '../protocol/handler-table.ts';
import type { DisconnectOptions } from '../shard/close-request.ts';
import type { Fleet } from './fleet.ts';
import { fetchGatewayInfo } from './start/gateway-info.ts';
import type { ResolvedManagerOptions } from './manager-options.ts';

export type ManagerActor = ActorRefFrom<typeof managerMachine>;

interface ManagerActorDependencies {
  readonly options: ResolvedManagerOptions;
  readonly fleet: Fleet;
  /** Returns how to close the shards. */
  readonly closeRequest: () => DisconnectOptions;
}

const gatewayInfoActor = (options: ResolvedManagerOptions) =>
  fromCallback<FleetCommand>(({ sendBack }) => {
    const abort = new AbortController();
    void fetchGatewayInfo(options, abort.signal).then((event) => {
      if (!abort.signal.aborted) sendBack(event);
    });
    return () => abort.abort();
  });

const fleetActor = (fleet: Fleet) =>
  fromCallback<FleetCommand>(({ receive, sendBack }) => {
    const handle = handlerByType<FleetCommand>({
      launch: ({ info }) => fleet.launch(info),
      prepare: ({ info, total }) => fleet.prepare(info, total),
      handOver: () => fleet.handOver(),
      discardSuccessor: () => fleet.discardSuccessor(),
    });
    receive((command) => {
      try {
        handle(command);
      } catch (cause) {
        const failure = new GatewayError('INTERNAL_ERROR', 'the shards could not be created', { cause });
        sendBack({ type: 'fleet.failed', failure });
      }
    });
  });

const closeShardsActor = (fleet: Fleet, closeRequest: () => DisconnectOptions) =>
  fromCallback<FleetCommand>(({ sendBack }) => {
    let isClosed = false;
    void fleet.close(closeRequest()).then(() => {
      isClosed = true;
      sendBack({ type: 'fleet.closed' });
    });
    return () => {
      if (!isClosed) fleet.forceClose(closeRequest().code);
    };
  });

export function createManagerActor({ options, fleet, closeRequest }: ManagerActorDependencies): ManagerActor {
  const { clock, random, timing, reserve } = options;
  const machine = managerMachine.provide({
    actors: {
      gatewayInfo: gatewayInfoActor(options),
      fleet: fleetActor(fleet),
      closeShards: closeShardsActor(fleet, closeRequest),
    },
    delays: managerDelays(random),
  });
  return createActor(machine, {
    input: { timing, reserve },
    clock: {
      setTimeout: (callback, delayMs) => clock.setTimeout(() => callback(), delayMs),
      clearTimeout: (handle) => clock.clearTimeout(handle),
    },
  });
}
