/**
 * The words the chart of a fleet is written in: its context, and every action, guard, delay and actor by name.
 * `manager.machine.ts` says when each applies.
 */
import { assign, emit, enqueueActions, fromCallback, sendTo, setup, stateIn } from 'xstate';
import type { ManagerContext, ManagerInput } from './manager-context.ts';
import { managerDelays } from './manager-delays.ts';
import type { Failure, FleetCommand, GatewayInfo, ManagerEmitted, ManagerEvent } from './manager-events.ts';

/** A contract to be provided. Throwing, so that an actor which was forgotten shows at once. */
const provided = (name: string) =>
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
    gatewayInfo: provided('gatewayInfo'),
    /** The shards, from the first to the last; says `fleet.*` and `successor.*`. */
    fleet: provided('fleet'),
    /** Lets all shards go and says `fleet.gone`. When stopped before that, it ends what is left at once. */
    drainer: provided('drainer'),
  },
  guards: {
    /** False for an answer that does not say, which no guard may throw at. */
    isAffordable: ({ context: { reserve, total } }, info: GatewayInfo | undefined) =>
      Number(info?.sessionStartLimit?.remaining) - reserve >= (total ?? Infinity),
    isReturning: stateIn({ draining: 'returning' }),
    hasFailed: ({ context }) => context.failure !== null,
  },
  actions: {
    launch: enqueueActions(({ context: { info }, enqueue }) => {
      if (info !== null) enqueue.sendTo('fleet', { type: 'launch', info } satisfies FleetCommand);
    }),
    prepare: enqueueActions(({ context: { info, total }, enqueue }) => {
      if (info !== null && total !== null) enqueue.sendTo('fleet', { type: 'prepare', info, total } satisfies FleetCommand);
    }),
    handOver: sendTo('fleet', { type: 'handOver' } satisfies FleetCommand),
    dismiss: sendTo('fleet', { type: 'dismiss' } satisfies FleetCommand),

    startOver: assign({ attempt: 0, retryAfterMs: null, info: null, total: null, failure: null }),
    aim: assign({ total: (_, total: number) => total }),
    forgetAim: assign({ total: null }),
    learn: assign({ info: (_, info: GatewayInfo) => info, attempt: 0, retryAfterMs: null }),
    putOff: enqueueActions(({ context, enqueue }, { failure, retryAfterMs }: { failure: Failure; retryAfterMs: number | null }) => {
      enqueue.assign({ attempt: context.attempt + 1, retryAfterMs });
      enqueue.emit({ type: 'unavailable', failure });
    }),
    blame: assign({ failure: (_, failure: Failure) => failure }),
    announceFailure: enqueueActions(({ context: { failure }, enqueue }) => {
      if (failure !== null) enqueue.emit({ type: 'failed', failure });
    }),
    refuseReshard: emit((_, failure: Failure): ManagerEmitted => ({ type: 'reshardRefused', failure })),
    announceUnaffordable: enqueueActions(({ context: { total }, enqueue }, info: GatewayInfo) => {
      if (total !== null) enqueue.emit({ type: 'reshardUnaffordable', total, info });
    }),
  },
  delays: managerDelays(() => 1),
});

type EventOf<Type extends ManagerEvent['type']> = { event: Extract<ManagerEvent, { type: Type }> };

/** References to the named actions with their parameters, as the chart uses them. */
export const told = ({ event: { failure } }: EventOf<'info.refused' | 'info.unavailable' | 'fleet.failed' | 'successor.failed'>) => failure;
export const answer = ({ event: { info } }: EventOf<'info.received'>) => info;
export const putOff = ({ event: { failure, retryAfterMs } }: EventOf<'info.unavailable'>) => ({ failure, retryAfterMs });
/** For a call that was not answered at all. */
export const NO_ANSWER = { code: 'GATEWAY_INFO_FAILED', message: 'GET /gateway/bot was not answered in time' } as const;
