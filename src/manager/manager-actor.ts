/** Builds the running machine of a manager: the chart from `machines/`, with real actors and dice. */
import { createActor, fromCallback } from 'xstate';
import type { ActorRefFrom } from 'xstate';
import { managerDelays, managerMachine } from '../../machines/index.ts';
import type { FleetCommand } from '../../machines/index.ts';
import { GatewayError } from '../protocol/errors.ts';
import type { DisconnectOptions } from '../shard/closing.ts';
import type { Fleet } from './fleet.ts';
import { askGatewayInfo } from './gateway-info.ts';
import type { ResolvedManagerOptions } from './manager-options.ts';

export type ManagerActor = ActorRefFrom<typeof managerMachine>;

interface Parts {
  readonly options: ResolvedManagerOptions;
  readonly fleet: Fleet;
  /** How the shards are to be closed. */
  readonly closing: () => DisconnectOptions;
}

const gatewayInfoActor = (options: ResolvedManagerOptions) =>
  fromCallback<FleetCommand>(({ sendBack }) => {
    const abort = new AbortController();
    void askGatewayInfo(options, abort.signal).then((answer) => {
      if (!abort.signal.aborted) sendBack(answer);
    });
    return () => abort.abort();
  });

const fleetActor = (fleet: Fleet) =>
  fromCallback<FleetCommand>(({ receive, sendBack }) => {
    const obey: { [Type in FleetCommand['type']]: (command: Extract<FleetCommand, { type: Type }>) => void } = {
      launch: ({ info }) => fleet.launch(info),
      prepare: ({ info, total }) => fleet.prepare(info, total),
      handOver: () => fleet.handOver(),
      dismiss: () => fleet.dismiss(),
    };
    receive((command) => {
      try {
        (obey[command.type] as (given: FleetCommand) => void)(command);
      } catch (cause) {
        sendBack({ type: 'fleet.failed', failure: new GatewayError('INTERNAL_ERROR', 'the shards could not be made', { cause }) });
      }
    });
  });

const drainerActor = (fleet: Fleet, closing: () => DisconnectOptions) =>
  fromCallback<FleetCommand>(({ sendBack }) => {
    let isGone = false;
    void fleet.drain(closing()).then(() => {
      isGone = true;
      sendBack({ type: 'fleet.gone' });
    });
    return () => {
      if (!isGone) fleet.forceClose(closing().code);
    };
  });

export function createManagerActor({ options, fleet, closing }: Parts): ManagerActor {
  const { clock, random, timing, reserve } = options;
  const machine = managerMachine.provide({
    actors: { gatewayInfo: gatewayInfoActor(options), fleet: fleetActor(fleet), drainer: drainerActor(fleet, closing) },
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
