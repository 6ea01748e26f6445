/**
 * Every action, guard, delay and actor that the chart of a manager uses, by name. `manager.machine.ts` says when each
 * applies.
 */
import { assign, emit, enqueueActions, sendTo, setup, stateIn } from 'xstate';
import type { ManagerContext, ManagerInput } from './context.ts';
import { managerDelays } from './delays.ts';
import type { Failure, FleetCommand, GatewayInfo, ManagerEmitted, ManagerEvent } from './events.ts';
import { unimplementedActor } from '../setup-helpers.ts';
import type { EventArgs } from '../setup-helpers.ts';

export const managerSetup = setup({
  types: {
    context: {} as ManagerContext,
    events: {} as ManagerEvent,
    emitted: {} as ManagerEmitted,
    input: {} as ManagerInput,
  },
  actors: {
    /** Requests `GET /gateway/bot` once, and sends `info.*`. */
    gatewayInfo: unimplementedActor<FleetCommand, unknown>('gatewayInfo'),
    /** Starts and holds the shards; sends `fleet.*` and `successor.*`. */
    fleet: unimplementedActor<FleetCommand, unknown>('fleet'),
    /** Closes all shards, then sends `fleet.closed`. Terminates the remaining shards when stopped before that. */
    closeShards: unimplementedActor<FleetCommand, unknown>('closeShards'),
  },
  guards: {
    /** False where the answer lacks the number of session starts; a guard must not throw. */
    isAffordable: ({ context: { reserve, targetTotal } }, info: GatewayInfo | undefined) =>
      Number(info?.sessionStartLimit?.remaining) - reserve >= (targetTotal ?? Infinity),
    isReconnectRequested: stateIn({ draining: 'reconnectRequested' }),
    hasFailed: ({ context }) => context.failure !== null,
  },
  actions: {
    launch: enqueueActions(({ context: { info }, enqueue }) => {
      if (info !== null) enqueue.sendTo('fleet', { type: 'launch', info } satisfies FleetCommand);
    }),
    prepare: enqueueActions(({ context: { info, targetTotal }, enqueue }) => {
      if (info !== null && targetTotal !== null)
        enqueue.sendTo('fleet', { type: 'prepare', info, total: targetTotal } satisfies FleetCommand);
    }),
    handOver: sendTo('fleet', { type: 'handOver' } satisfies FleetCommand),
    discardSuccessor: sendTo('fleet', { type: 'discardSuccessor' } satisfies FleetCommand),

    resetContext: assign({ attempt: 0, retryAfterMs: null, info: null, targetTotal: null, failure: null }),
    setTargetTotal: assign({ targetTotal: (_, total: number) => total }),
    clearTargetTotal: assign({ targetTotal: null }),
    setGatewayInfo: assign({ info: (_, info: GatewayInfo) => info, attempt: 0, retryAfterMs: null }),
    recordUnavailable: enqueueActions(
      ({ context, enqueue }, { failure, retryAfterMs }: { failure: Failure; retryAfterMs: number | null }) => {
        enqueue.assign({ attempt: context.attempt + 1, retryAfterMs });
        enqueue.emit({ type: 'unavailable', failure });
      },
    ),
    setFailure: assign({ failure: (_, failure: Failure) => failure }),
    emitFailed: enqueueActions(({ context: { failure }, enqueue }) => {
      if (failure !== null) enqueue.emit({ type: 'failed', failure });
    }),
    emitReshardRefused: emit((_, failure: Failure): ManagerEmitted => ({ type: 'reshardRefused', failure })),
    emitReshardUnaffordable: enqueueActions(({ context: { targetTotal }, enqueue }, info: GatewayInfo) => {
      if (targetTotal !== null) enqueue.emit({ type: 'reshardUnaffordable', total: targetTotal, info });
    }),
  },
  delays: managerDelays(() => 1),
});

type ManagerArgs<Type extends ManagerEvent['type']> = EventArgs<ManagerEvent, Type>;

export const failureFromEvent = ({
  event: { failure },
}: ManagerArgs<'info.refused' | 'info.unavailable' | 'fleet.failed' | 'successor.failed'>) => failure;
export const infoFromEvent = ({ event: { info } }: ManagerArgs<'info.received'>) => info;
export const unavailableFromEvent = ({ event: { failure, retryAfterMs } }: ManagerArgs<'info.unavailable'>) => ({
  failure,
  retryAfterMs,
});
/** The failure when `GET /gateway/bot` has no answer at all. */
export const INFO_TIMEOUT = {
  code: 'GATEWAY_INFO_FAILED',
  message: 'GET /gateway/bot was not answered within connectTimeoutMs',
} as const;
