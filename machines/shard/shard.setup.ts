/**
 * Every action, guard, delay and actor that the chart of a shard uses, by name. `shard.machine.ts` says when each
 * applies.
 */
import { assign, emit, enqueueActions, sendTo, setup, stateIn } from 'xstate';
import { closePolicy } from '../close-codes.ts';
import type { SessionIdentity, ShardEmitted, ShardEvent, SocketCommand } from './events.ts';
import { awaitsRoom, failureOf, lossOf } from '../losses.ts';
import type { LossCause } from '../losses.ts';
import type { CloseSocketInput, ShardContext, ShardInput, SocketInput } from './context.ts';
import { shardDelays } from './delays.ts';
import { unimplementedActor } from '../setup-helpers.ts';
import type { EventArgs } from '../setup-helpers.ts';
import { CLAIM_RETRY_MS, HEARTBEAT_INTERVAL_MS, MAX_UNANSWERED_RESUMES, NO_LOSSES } from '../timing.ts';
import type { LossKind } from '../timing.ts';

/** Shared by the guard and by the event `disconnected`, so that the event always says what the chart does. */
const willReconnect = ({ shouldReconnect, loss }: ShardContext): boolean =>
  loss?.reconnect === 'always' || (shouldReconnect && loss?.reconnect !== 'never');

/** False for NaN too, which a timer would treat as 1 ms. */
const isValidHeartbeatInterval = (ms: number): boolean =>
  ms >= HEARTBEAT_INTERVAL_MS.min && ms <= HEARTBEAT_INTERVAL_MS.max;

/** On which account a lost connection is counted, by how far it came. */
const LOSS_KINDS: Readonly<Record<ShardContext['reached'], LossKind>> = {
  nothing: 'unreachable',
  hello: 'unanswered',
  replay: 'unanswered',
  ready: 'shortLived',
};

/** For the first resume of another session. */
const NO_FAILED_RESUMES = { failedResumes: 0, unansweredResumes: 0, unreadableCount: 0, unreachableCount: 0 } as const;

/** For a connection that you ask for. */
const NO_COUNTS = {
  ...NO_FAILED_RESUMES,
  lossCounts: NO_LOSSES,
  readyTimeouts: 0,
  readyCount: 0,
  claimWaitMs: 0,
  loss: null,
} as const;

/** Returns why the session is given up after too many resumes; `null` if another resume is worth trying. */
function exhaustionOf({ failedResumes, unansweredResumes, unreadableCount, timing }: ShardContext): string | null {
  if (unansweredResumes >= MAX_UNANSWERED_RESUMES) return `${unansweredResumes} resumes in a row were not answered`;
  if (failedResumes >= timing.maxResumeAttempts) return `${failedResumes} resumes failed in a row`;
  if (unreadableCount <= timing.maxResumeAttempts) return null;
  return `messages that could not be read ended ${unreadableCount} connections in a row`;
}

/** What READY and RESUMED change in the context. */
const becomeReady = ({ readyCount, lossCounts }: ShardContext) =>
  ({
    reached: 'ready',
    failedResumes: 0,
    unansweredResumes: 0,
    readyTimeouts: 0,
    readyCount: readyCount + 1,
    lossCounts: { ...lossCounts, unanswered: 0 },
  }) as const;

export const shardSetup = setup({
  types: {
    context: {} as ShardContext,
    events: {} as ShardEvent,
    emitted: {} as ShardEmitted,
    input: {} as ShardInput,
  },
  actors: {
    /** Opens one WebSocket with its decoder, and runs until the chart leaves `online`. */
    socket: unimplementedActor<SocketCommand, SocketInput>('socket'),
    /** Closes the last socket, then sends `socket.closeCompleted`. Terminates the socket when stopped before that. */
    closeSocket: unimplementedActor<SocketCommand, CloseSocketInput>('closeSocket'),
    /** Waits for a permit of the identify gate. */
    identifyPermit: unimplementedActor<SocketCommand, { shardId: number }>('identifyPermit'),
    /** Loads the session from the session store. */
    loadSession: unimplementedActor<SocketCommand, { shardId: number }>('loadSession'),
    /** Delivers the guilds that the session store has. */
    warmUp: unimplementedActor<SocketCommand, { shardId: number }>('warmUp'),
  },
  guards: {
    hasSession: ({ context }) => context.session !== null,
    /** A session that the shard did not have before. */
    mustWarmUp: ({ context }, loaded: SessionIdentity | null) =>
      context.warmStart === true && loaded !== null && loaded !== context.session,
    isAcknowledged: stateIn({ online: { heartbeat: { beating: 'acknowledged' } } }),
    isValidInterval: (_, heartbeatIntervalMs: number) => isValidHeartbeatInterval(heartbeatIntervalMs),
    isInvalidInterval: (_, heartbeatIntervalMs: number) => !isValidHeartbeatInterval(heartbeatIntervalMs),
    isFatal: (_, code: number) => closePolicy(code).action === 'fail',
    isSessionOver: ({ context }, code: number) => context.isSessionOfLoss && closePolicy(code).action === 'identify',
    isResumable: (_, resumable: boolean) => resumable,
    mayReconnect: ({ context }) => willReconnect(context),
    hasRoom: ({ context }) => !awaitsRoom(context),
    isOwnerUnknown: ({ context }) => context.claimWaitMs === 0,
    isClaimOverdue: ({ context }) => context.claimWaitMs >= context.timing.claimTimeoutMs,
    isReconnectRequested: stateIn({ disconnecting: 'reconnectRequested' }),
  },
  actions: {
    heartbeat: sendTo('socket', (_, scheduled: boolean) => ({ type: 'heartbeat', scheduled }) satisfies SocketCommand),
    flushReads: sendTo('socket', { type: 'flushReads' } satisfies SocketCommand),
    identify: sendTo('socket', { type: 'identify' } satisfies SocketCommand),
    resume: sendTo('socket', { type: 'resume' } satisfies SocketCommand),

    resetCounters: assign(NO_COUNTS),
    /** You start a shard that has no connection, and its session is known. */
    beginWith: assign((_, session: SessionIdentity | null) => ({ ...NO_COUNTS, session, isSessionOfLoss: false })),
    countClaimRetry: assign({ claimWaitMs: ({ context }) => context.claimWaitMs + CLAIM_RETRY_MS }),
    countSilentClaim: assign({ claimWaitMs: ({ context }) => context.claimWaitMs + context.timing.connectTimeoutMs }),
    startConnection: assign({ connectionId: ({ context }) => context.connectionId + 1, reached: 'nothing' }),
    clearHeartbeatInterval: assign({ heartbeatIntervalMs: null }),
    countLoss: assign({
      lossCounts: ({ context }) => {
        // Slow consumers are no failure of the gateway.
        if (awaitsRoom(context)) return context.lossCounts;
        const kind = context.loss?.pause === 'invalidSession' ? 'refused' : LOSS_KINDS[context.reached];
        return { ...context.lossCounts, [kind]: context.lossCounts[kind] + 1 };
      },
    }),
    forgetLosses: assign({ lossCounts: NO_LOSSES, unreadableCount: 0 }),
    countUnreachable: assign({ unreachableCount: ({ context }) => context.unreachableCount + 1 }),
    countFailedResume: assign({ failedResumes: ({ context }) => context.failedResumes + 1 }),
    /** A replay that was cut short because of slow consumers is no failure of the gateway. */
    forgiveFailedResumes: assign({ failedResumes: 0 }),
    countUnansweredResume: assign({
      unansweredResumes: ({ context }) => (context.reached === 'replay' ? 0 : context.unansweredResumes + 1),
    }),
    /** A message without a sequence can't be skipped: it stands in the way of those behind it. */
    countUnreadable: assign({
      unreadableCount: ({ context: { session, unreadableCount } }, hasSequence: boolean) =>
        session === null || hasSequence ? unreadableCount : unreadableCount + 1,
    }),
    /** The gateway answers RESUME, however long the replay takes. */
    recordReplay: assign({ reached: 'replay', unansweredResumes: 0 }),
    countReadyTimeout: assign({ readyTimeouts: ({ context }) => context.readyTimeouts + 1 }),
    /** HELLO: the gateway can be reached, and says how often to send a heartbeat. */
    recordHello: enqueueActions(({ context, enqueue }, heartbeatIntervalMs: number) => {
      enqueue.assign({
        heartbeatIntervalMs,
        reached: 'hello',
        unreachableCount: 0,
        lossCounts: { ...context.lossCounts, unreachable: 0 },
      });
      enqueue.emit({ type: 'hello', heartbeatIntervalMs });
    }),
    /** READY: the shard has a new session. */
    recordReady: enqueueActions(({ context, enqueue }, session: SessionIdentity) => {
      enqueue.assign({ session, ...becomeReady(context) });
      if (context.readyCount > 0) enqueue.emit({ type: 'reconnected', resumed: false });
    }),
    /** RESUMED: the shard continues its session. */
    recordResumed: enqueueActions(({ context, enqueue }) => {
      enqueue.assign(becomeReady(context));
      if (context.readyCount > 0) enqueue.emit({ type: 'reconnected', resumed: true });
    }),
    setSession: assign({
      session: (_, session: SessionIdentity | null) => session,
      isSessionOfLoss: false,
      ...NO_FAILED_RESUMES,
    }),
    /** READY in the middle of a session. One that repeats its session does not make what follows readable. */
    replaceSession: assign(({ context }, session: SessionIdentity | null) => ({
      session,
      isSessionOfLoss: false,
      ...(context.session?.sessionId === session?.sessionId ? {} : NO_FAILED_RESUMES),
    })),
    /** The user stopped a shard that has no connection, perhaps to discard its session. */
    recordDiscard: assign(({ context: { session }, event }) => ({
      session: 'session' in event && event.session === 'discard' ? null : session,
    })),
    /** The close frame of the gateway crossed that of the shard, and says that the session is over. */
    recordCrossedClose: assign(({ context: { loss } }, code: number) => ({
      session: null,
      isSessionOfLoss: false,
      ...NO_FAILED_RESUMES,
      loss: loss === null ? null : { ...loss, code, closeWith: null },
    })),
    /** The close frame of the gateway came after that of the shard. It may say that the session is over. */
    recordCloseCode: assign(({ context: { session, isSessionOfLoss } }, code: number) => ({
      session: isSessionOfLoss && closePolicy(code).action !== 'resume' ? null : session,
    })),

    /** Records why the connection was lost, and drops the session where it can't be resumed. */
    recordLoss: enqueueActions(({ context, event, enqueue }, cause: LossCause) => {
      const loss = lossOf(cause, event);
      const exhaustion = context.session === null ? null : exhaustionOf(context);
      enqueue.assign({ loss, isSessionOfLoss: true });
      if (loss.session === 'discard' || exhaustion !== null) enqueue.assign({ session: null, ...NO_FAILED_RESUMES });
      const { reason, code: closeCode } = loss;
      if (loss.fault !== null) {
        enqueue.emit({ type: 'fault', code: loss.fault, reason, closeCode, cause: loss.cause });
      }
      if (exhaustion !== null) {
        enqueue.emit({ type: 'fault', code: 'RESUMES_EXHAUSTED', reason: exhaustion, closeCode, cause: loss.cause });
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
    emitFailed: emit(({ context }): ShardEmitted => failureOf(context)),
    emitSnapshotFault: emit((_, fault: { reason: string; cause: unknown }): ShardEmitted => ({
      type: 'fault',
      code: 'SNAPSHOT_FAILED',
      closeCode: null,
      ...fault,
    })),
    emitStoreFault: emit((_, fault: { reason: string; cause: unknown }): ShardEmitted => ({
      type: 'fault',
      code: 'SESSION_STORE_FAILED',
      closeCode: null,
      ...fault,
    })),
  },
  delays: shardDelays({ random: () => 1 }),
});

/** The action `recordLoss` with its parameter, as the chart refers to it. */
export const recordLossOf = (params: LossCause) => ({ type: 'recordLoss', params }) as const;
/** What happens when Discord closed with a fatal code. */
export const FAILURE = [recordLossOf('event'), 'emitDisconnected', 'emitFailed'] as const;
export const CLEAR_SESSION = { type: 'setSession', params: null } as const;
/** The store does not answer: the shard goes on with the session it has, if any. */
export const KEEP_SESSION = {
  type: 'setSession',
  params: ({ context }: { readonly context: ShardContext }) => context.session,
} as const;

export const STORE_SILENT = {
  type: 'emitStoreFault',
  params: { reason: 'the session store did not answer within connectTimeoutMs', cause: undefined },
} as const;

export const sessionFromEvent = ({ event }: EventArgs<ShardEvent, 'shard.resume'>) => event.session;
/** An abnormal closure says nothing, like no code. */
export const closeCodeFromEvent = ({ event: { code = 1006 } }: EventArgs<ShardEvent, 'socket.closeCompleted'>) => code;
export const loadedSession = ({ event }: EventArgs<ShardEvent, 'session.loaded'>) => event.session;
export const SET_LOADED_SESSION = { type: 'setSession', params: loadedSession } as const;
/** What you ask of a shard that has no connection. */
export const COMMANDS_AT_REST = {
  'shard.disconnect': { actions: 'recordDiscard' },
  'shard.forceClose': { actions: 'recordDiscard' },
  'shard.connect': { target: 'restoring', actions: 'resetCounters' },
  'shard.connectWith': {
    target: 'online',
    actions: {
      type: 'beginWith',
      params: ({ event }: EventArgs<ShardEvent, 'shard.connectWith'>) => event.session,
    },
  },
  'shard.resume': { target: 'online', actions: { type: 'beginWith', params: sessionFromEvent } },
  'shard.reinstantiate': { target: 'online', actions: { type: 'beginWith', params: null } },
} as const;
/** What you ask of a shard that looks for its session. */
export const COMMANDS_BEFORE_SOCKET = {
  'shard.resume': { target: 'online', actions: { type: 'setSession', params: sessionFromEvent } },
  'shard.reinstantiate': { target: 'online', actions: CLEAR_SESSION },
  'shard.disconnect': { target: 'disconnected', actions: recordLossOf('event') },
  'shard.forceClose': { target: 'disconnected', actions: recordLossOf('event') },
} as const;
/** The gateway has closed with its own code, which was read after the shard had given up the connection. */
export const FATAL_CLOSE = { guard: { type: 'isFatal', params: closeCodeFromEvent }, actions: FAILURE } as const;
export const SESSION_OVER = {
  guard: { type: 'isSessionOver', params: closeCodeFromEvent },
  actions: { type: 'recordCrossedClose', params: closeCodeFromEvent },
} as const;
export const intervalFromEvent = ({ event }: EventArgs<ShardEvent, 'gateway.hello'>) => event.heartbeatIntervalMs;
export const closeInput = ({ context }: { context: ShardContext }): CloseSocketInput => ({
  connectionId: context.connectionId,
  closeWith: context.loss?.closeWith ?? null,
  reason: context.loss?.reason ?? '',
});
