/**
 * The words the chart of a shard is written in: its context, and every action, guard, delay and actor by name.
 * `shard.machine.ts` says when each applies.
 */
import { assign, emit, enqueueActions, fromCallback, sendTo, setup, stateIn } from 'xstate';
import { closePolicy } from '../close-codes.ts';
import type { SessionIdentity, ShardEmitted, ShardEvent, SocketCommand } from './events.ts';
import { lossOf } from '../losses.ts';
import type { LossCause } from '../losses.ts';
import type { CloseSocketInput, ShardContext, ShardInput, SocketInput } from './context.ts';
import { shardDelays } from './delays.ts';
import { HEARTBEAT_INTERVAL_MS } from '../timing.ts';

/** A contract to be provided. Throwing, so that an actor which was forgotten shows at once. */
const unimplementedActor = <Command extends { type: string }, Input>(name: string) =>
  fromCallback<Command, Input>(() => {
    throw new Error(`provide the "${name}" actor`);
  });

/** One predicate for the guard and for what the world is told. */
const willReconnect = ({ shouldReconnect, loss }: ShardContext): boolean =>
  loss?.reconnect === 'always' || (shouldReconnect && loss?.reconnect !== 'never');

/** False for NaN too, which a timer would take for 1 ms. */
const isValidHeartbeatInterval = (ms: number): boolean =>
  ms >= HEARTBEAT_INTERVAL_MS.min && ms <= HEARTBEAT_INTERVAL_MS.max;

export const shardSetup = setup({
  types: {
    context: {} as ShardContext,
    events: {} as ShardEvent,
    emitted: {} as ShardEmitted,
    input: {} as ShardInput,
  },
  actors: {
    /** One WebSocket with its decoder, from opening until the chart leaves `online`. */
    socket: unimplementedActor<SocketCommand, SocketInput>('socket'),
    /** Lets the last socket go, says `socket.closeCompleted`, and leaves nothing open when stopped. */
    closeSocket: unimplementedActor<SocketCommand, CloseSocketInput>('closeSocket'),
    /** Waits for the identify gate. */
    identifyPermit: unimplementedActor<SocketCommand, { shardId: number }>('identifyPermit'),
    /** Looks for a stored session. */
    loadSession: unimplementedActor<SocketCommand, { shardId: number }>('loadSession'),
  },
  guards: {
    hasSession: ({ context }) => context.session !== null,
    isAcknowledged: stateIn({ online: { heartbeat: { beating: 'acknowledged' } } }),
    isValidInterval: (_, heartbeatIntervalMs: number) => isValidHeartbeatInterval(heartbeatIntervalMs),
    isInvalidInterval: (_, heartbeatIntervalMs: number) => !isValidHeartbeatInterval(heartbeatIntervalMs),
    isFatal: (_, code: number) => closePolicy(code).action === 'fail',
    isResumable: (_, resumable: boolean) => resumable,
    mayReconnect: ({ context }) => willReconnect(context),
    isReconnectRequested: stateIn({ disconnecting: 'reconnectRequested' }),
  },
  actions: {
    heartbeat: sendTo('socket', (_, scheduled: boolean) => ({ type: 'heartbeat', scheduled }) satisfies SocketCommand),
    flushReads: sendTo('socket', { type: 'flushReads' } satisfies SocketCommand),
    identify: sendTo('socket', { type: 'identify' } satisfies SocketCommand),
    resume: sendTo('socket', { type: 'resume' } satisfies SocketCommand),

    resetCounters: assign({
      attempt: 0,
      unreachableCount: 0,
      failedResumes: 0,
      readyTimeouts: 0,
      readyCount: 0,
      loss: null,
    }),
    nextConnectionId: assign({ connectionId: ({ context }) => context.connectionId + 1 }),
    clearHeartbeatInterval: assign({ heartbeatIntervalMs: null }),
    countAttempt: assign({ attempt: ({ context }) => context.attempt + 1 }),
    resetAttempts: assign({ attempt: 0 }),
    countUnreachable: assign({ unreachableCount: ({ context }) => context.unreachableCount + 1 }),
    countFailedResume: assign({ failedResumes: ({ context }) => context.failedResumes + 1 }),
    countReadyTimeout: assign({ readyTimeouts: ({ context }) => context.readyTimeouts + 1 }),
    /** The gateway is there: its interval sets the beat. */
    recordHello: enqueueActions(({ enqueue }, heartbeatIntervalMs: number) => {
      enqueue.assign({ heartbeatIntervalMs, unreachableCount: 0 });
      enqueue.emit({ type: 'hello', heartbeatIntervalMs });
    }),
    /** READY: a session of its own. */
    recordReady: enqueueActions(({ context, enqueue }, session: SessionIdentity) => {
      enqueue.assign({ session, failedResumes: 0, readyTimeouts: 0, readyCount: context.readyCount + 1 });
      if (context.readyCount > 0) enqueue.emit({ type: 'reconnected', resumed: false });
    }),
    /** RESUMED: the session lives on. */
    recordResumed: enqueueActions(({ context, enqueue }) => {
      enqueue.assign({ failedResumes: 0, readyTimeouts: 0, readyCount: context.readyCount + 1 });
      if (context.readyCount > 0) enqueue.emit({ type: 'reconnected', resumed: true });
    }),
    setSession: assign({
      session: (_, session: SessionIdentity | null) => session,
      failedResumes: 0,
      unreachableCount: 0,
    }),

    /** Takes down why the connection is lost, with what that means for the session. */
    recordLoss: enqueueActions(({ context, event, enqueue }, cause: LossCause) => {
      const loss = lossOf(cause, event);
      const exhausted = context.session !== null && context.failedResumes >= context.timing.maxResumeAttempts;
      enqueue.assign({ loss });
      if (loss.session === 'discard' || exhausted) {
        enqueue.assign({ session: null, failedResumes: 0, unreachableCount: 0 });
      }
      const { reason, code: closeCode } = loss;
      if (loss.fault !== null) {
        enqueue.emit({ type: 'fault', code: loss.fault, reason, closeCode, cause: loss.cause });
      }
      if (exhausted) {
        enqueue.emit({
          type: 'fault',
          code: 'RESUMES_EXHAUSTED',
          reason: `${context.failedResumes} resumes failed in a row`,
          closeCode,
          cause: loss.cause,
        });
      }
    }),
    emitDisconnected: emit(({ context }): ShardEmitted => ({
      type: 'disconnected',
      code: context.loss?.code ?? context.loss?.closeWith ?? null,
      reason: context.loss?.reason ?? '',
      initiator: context.loss?.initiator ?? 'shard',
      willReconnect: willReconnect(context),
      willResume: willReconnect(context) && context.session !== null,
    })),
    emitConnected: emit({ type: 'connected' }),
    emitFailed: enqueueActions(({ context, enqueue }) => {
      if (context.loss === null || context.loss.code === null) return;
      const { code: closeCode, reason } = context.loss;
      const { fatal } = closePolicy(closeCode);
      if (fatal !== undefined) enqueue.emit({ type: 'failed', code: fatal, reason, closeCode });
    }),
    emitStoreFault: emit((_, fault: { reason: string; cause: unknown }): ShardEmitted => ({
      type: 'fault',
      code: 'SESSION_STORE_FAILED',
      closeCode: null,
      ...fault,
    })),
  },
  delays: shardDelays(() => 1),
});

type EventOf<Type extends ShardEvent['type']> = { event: Extract<ShardEvent, { type: Type }> };

/** References to the named actions with their parameters, as the chart uses them. */
export const recordLoss = (params: LossCause) => ({ type: 'recordLoss', params }) as const;
export const sessionFromEvent = ({ event }: EventOf<'shard.resume'>) => event.session;
export const intervalFromEvent = ({ event }: EventOf<'gateway.hello'>) => event.heartbeatIntervalMs;
export const closeInput = ({ context }: { context: ShardContext }): CloseSocketInput => ({
  connectionId: context.connectionId,
  closeWith: context.loss?.closeWith ?? null,
  reason: context.loss?.reason ?? '',
});
export const CLEAR_SESSION = { type: 'setSession', params: null } as const;
