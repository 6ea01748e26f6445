/**
 * The words the chart of a shard is written in: its context, and every action, guard, delay and actor by name.
 * `shard.machine.ts` says when each applies.
 */
import { assign, emit, enqueueActions, fromCallback, sendTo, setup, stateIn } from 'xstate';
import { closePolicy } from './close-codes.ts';
import type { SessionIdentity, ShardEmitted, ShardEvent, SocketCommand } from './events.ts';
import { lossOf } from './losses.ts';
import type { LossCause } from './losses.ts';
import type { CloserInput, ShardContext, ShardInput, SocketInput } from './shard-context.ts';
import { shardDelays } from './shard-delays.ts';
import { HEARTBEAT_INTERVAL_MS } from './timing.ts';

/** A contract to be provided. Throwing, so that an actor which was forgotten shows at once. */
const provided = <Command extends { type: string }, Input>(name: string) =>
  fromCallback<Command, Input>(() => {
    throw new Error(`provide the "${name}" actor`);
  });

/** One predicate for the guard and for what the world is told. */
const willReconnect = ({ shouldReconnect, loss }: ShardContext): boolean =>
  loss?.reconnect === 'insist' || (shouldReconnect && loss?.reconnect !== 'never');

/** False for NaN too, which a timer would take for 1 ms. */
const isSaneInterval = (ms: number): boolean => ms >= HEARTBEAT_INTERVAL_MS.least && ms <= HEARTBEAT_INTERVAL_MS.most;

export const shardSetup = setup({
  types: {
    context: {} as ShardContext,
    events: {} as ShardEvent,
    emitted: {} as ShardEmitted,
    input: {} as ShardInput,
  },
  actors: {
    /** One WebSocket with its decoder, from opening until the chart leaves `online`. */
    socket: provided<SocketCommand, SocketInput>('socket'),
    /** Lets the last socket go, says `socket.gone`, and leaves nothing open when stopped. */
    closer: provided<SocketCommand, CloserInput>('closer'),
    /** Waits for the identify gate. */
    permit: provided<SocketCommand, { shardId: number }>('permit'),
    /** Looks for a stored session. */
    restore: provided<SocketCommand, { shardId: number }>('restore'),
  },
  guards: {
    hasSession: ({ context }) => context.session !== null,
    isAcknowledged: stateIn({ online: { heartbeat: { beating: 'acknowledged' } } }),
    isSane: (_, heartbeatIntervalMs: number) => isSaneInterval(heartbeatIntervalMs),
    isInsane: (_, heartbeatIntervalMs: number) => !isSaneInterval(heartbeatIntervalMs),
    isFatal: (_, code: number) => closePolicy(code).action === 'fail',
    isResumable: (_, resumable: boolean) => resumable,
    mayReconnect: ({ context }) => willReconnect(context),
    isReturning: stateIn({ disconnecting: 'returning' }),
  },
  actions: {
    beat: sendTo('socket', (_, scheduled: boolean) => ({ type: 'beat', scheduled }) satisfies SocketCommand),
    drain: sendTo('socket', { type: 'drain' } satisfies SocketCommand),
    identify: sendTo('socket', { type: 'identify' } satisfies SocketCommand),
    resume: sendTo('socket', { type: 'resume' } satisfies SocketCommand),

    startOver: assign({ attempt: 0, unreachable: 0, failedResumes: 0, readyTimeouts: 0, readies: 0, loss: null }),
    openConnection: assign({ connectionId: ({ context }) => context.connectionId + 1 }),
    clearInterval: assign({ heartbeatIntervalMs: null }),
    countAttempt: assign({ attempt: ({ context }) => context.attempt + 1 }),
    forgetAttempts: assign({ attempt: 0 }),
    countUnreachable: assign({ unreachable: ({ context }) => context.unreachable + 1 }),
    countFailedResume: assign({ failedResumes: ({ context }) => context.failedResumes + 1 }),
    countReadyTimeout: assign({ readyTimeouts: ({ context }) => context.readyTimeouts + 1 }),
    /** The gateway is there: its interval sets the beat. */
    greet: enqueueActions(({ enqueue }, heartbeatIntervalMs: number) => {
      enqueue.assign({ heartbeatIntervalMs, unreachable: 0 });
      enqueue.emit({ type: 'hello', heartbeatIntervalMs });
    }),
    /** READY: a session of its own. */
    settle: enqueueActions(({ context, enqueue }, session: SessionIdentity) => {
      enqueue.assign({ session, failedResumes: 0, readyTimeouts: 0, readies: context.readies + 1 });
      if (context.readies > 0) enqueue.emit({ type: 'reconnected', resumed: false });
    }),
    /** RESUMED: the session lives on. */
    settleResumed: enqueueActions(({ context, enqueue }) => {
      enqueue.assign({ failedResumes: 0, readyTimeouts: 0, readies: context.readies + 1 });
      if (context.readies > 0) enqueue.emit({ type: 'reconnected', resumed: true });
    }),
    adopt: assign({
      session: (_, session: SessionIdentity | null) => session,
      failedResumes: 0,
      unreachable: 0,
    }),

    /** Takes down why the connection is lost, with what that means for the session. */
    lose: enqueueActions(({ context, event, enqueue }, cause: LossCause) => {
      const loss = lossOf(cause, event);
      const exhausted = context.session !== null && context.failedResumes >= context.timing.maxResumeAttempts;
      enqueue.assign({ loss });
      if (loss.session === 'drop' || exhausted) {
        enqueue.assign({ session: null, failedResumes: 0, unreachable: 0 });
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
    announceLoss: emit(({ context }): ShardEmitted => ({
      type: 'disconnected',
      code: context.loss?.code ?? context.loss?.closeWith ?? null,
      reason: context.loss?.reason ?? '',
      initiator: context.loss?.initiator ?? 'shard',
      willReconnect: willReconnect(context),
      willResume: willReconnect(context) && context.session !== null,
    })),
    announceOpen: emit({ type: 'connected' }),
    announceFailure: enqueueActions(({ context, enqueue }) => {
      if (context.loss === null || context.loss.code === null) return;
      const { code: closeCode, reason } = context.loss;
      const { fatal } = closePolicy(closeCode);
      if (fatal !== undefined) enqueue.emit({ type: 'failed', code: fatal, reason, closeCode });
    }),
    reportStore: emit((_, trouble: { reason: string; cause: unknown }): ShardEmitted => ({
      type: 'fault',
      code: 'SESSION_STORE_FAILED',
      closeCode: null,
      ...trouble,
    })),
  },
  delays: shardDelays(() => 1),
});

type EventOf<Type extends ShardEvent['type']> = { event: Extract<ShardEvent, { type: Type }> };

/** References to the named actions with their parameters, as the chart uses them. */
export const lose = (params: LossCause) => ({ type: 'lose', params }) as const;
export const given = ({ event }: EventOf<'shard.resume'>) => event.session;
export const interval = ({ event }: EventOf<'gateway.hello'>) => event.heartbeatIntervalMs;
export const farewell = ({ context }: { context: ShardContext }): CloserInput => ({
  connectionId: context.connectionId,
  closeWith: context.loss?.closeWith ?? null,
  reason: context.loss?.reason ?? '',
});
export const FORGET = { type: 'adopt', params: null } as const;
