/**
 * The words the chart of a fleet is written in: its context, and every action, guard, delay and actor by name.
 * `manager.machine.ts` says when each applies.
 */
import { assign, emit, enqueueActions, fromCallback, sendTo, setup, stateIn } from 'xstate';
import type { ManagerContext, ManagerInput } from './context.ts';
import { managerDelays } from './delays.ts';
import type { Failure, FleetCommand, GatewayInfo, ManagerEmitted, ManagerEvent } from './events.ts';

/** A contract to be provided. Throwing, so that an actor which was forgotten shows at once. */
const unimplementedActor = (name: string) =>
  fromCallback<FleetCommand>(() => {
    throw new Error(`provide the "${name}" actor`);
  });

export const managerSetup = setup({
  types: {
    context: {} as ManagerContext,
    events: {} as ManagerEvent,
    emitted: {} as ManagerEmitted,
    input: {} as ManagerInput,
  },
  actors: {
    /** Asks `GET /gateway/bot`, once. */
    gatewayInfo: unimplementedActor('gatewayInfo'),
    /** The shards, from the first to the last; says `fleet.*` and `successor.*`. */
    fleet: unimplementedActor('fleet'),
    /** Lets all shards go and says `fleet.closed`. When stopped before that, it ends what is left at once. */
    closeShards: unimplementedActor('closeShards'),
  },
  guards: {
    /** False for an answer that does not say, which no guard may throw at. */
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

type EventOf<Type extends ManagerEvent['type']> = { event: Extract<ManagerEvent, { type: Type }> };

/** References to the named actions with their parameters, as the chart uses them. */
export const failureFromEvent = ({
  event: { failure },
}: EventOf<'info.refused' | 'info.unavailable' | 'fleet.failed' | 'successor.failed'>) => failure;
export const infoFromEvent = ({ event: { info } }: EventOf<'info.received'>) => info;
export const unavailableFromEvent = ({ event: { failure, retryAfterMs } }: EventOf<'info.unavailable'>) => ({
  failure,
  retryAfterMs,
});
/** For a call that was not answered at all. */
export const INFO_TIMEOUT = {
  code: 'GATEWAY_INFO_FAILED',
  message: 'GET /gateway/bot was not answered in time',
} as const;
