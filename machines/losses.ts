/**
 * Every way a connection can be lost, and what follows from it: one row each. The chart says *when* a connection
 * is lost; this table says what becomes of the session, the socket and the next attempt.
 */
import { closePolicy } from './close-codes.ts';
import type { Initiator, LifecycleFault, ShardEvent } from './shard/events.ts';
import type { Pause } from './timing.ts';

/** Closes the connection but not the session: any code but 1000 and 1001 keeps it. */
export const KEEP_SESSION_CODE = 4000;
/** Tells Discord that the session is over. */
export const END_SESSION_CODE = 1000;

/** @see https://discord.com/developers/docs/events/gateway#initiating-a-disconnect */
export const endsSession = (code: number): boolean => code === 1000 || code === 1001;

export interface Loss {
  readonly initiator: Initiator;
  /** The close code received or sent; `null` when there was none. */
  readonly code: number | null;
  readonly reason: string;
  /** With what code our side closes; `null` terminates without a handshake. */
  readonly closeWith: number | null;
  readonly session: 'keep' | 'discard';
  readonly pause: Pause;
  readonly fault: LifecycleFault | null;
  /** `always`: the user asked for it, whatever `shouldReconnect` says. */
  readonly reconnect: 'ifEnabled' | 'always' | 'never';
  readonly cause: unknown;
}

const loss = (initiator: Initiator, reason: string, rest: Partial<Loss> = {}): Loss => ({
  initiator,
  code: null,
  reason,
  closeWith: KEEP_SESSION_CODE,
  session: 'keep',
  pause: 'backoff',
  fault: null,
  reconnect: 'ifEnabled',
  cause: undefined,
  ...rest,
});

/** For an event that tells nothing; the chart never asks for one. */
const UNKNOWN_LOSS = loss('shard', 'unknown');

/** Losses that need no detail of the event behind them. */
const LOSSES = {
  connectTimeout: loss('shard', 'the socket did not open in time', { closeWith: null, fault: 'CONNECT_TIMEOUT' }),
  helloTimeout: loss('shard', 'no HELLO in time', { closeWith: null, fault: 'HELLO_TIMEOUT' }),
  invalidInterval: loss('shard', 'HELLO without a sane heartbeat interval', { fault: 'INVALID_HEARTBEAT_INTERVAL' }),
  zombie: loss('shard', 'no heartbeat ACK between two beats', { closeWith: null }),
  readyTimeout: loss('shard', 'no READY in time', { fault: 'READY_TIMEOUT' }),
  resumedTimeout: loss('shard', 'no RESUMED in time', { fault: 'RESUME_TIMEOUT' }),
  dispatchTimeout: loss('shard', 'no dispatch in time', { fault: 'DISPATCH_SILENCE' }),
  reconnectRequested: loss('gateway', 'the gateway asked for a reconnect'),
  invalidSessionResumable: loss('gateway', 'invalid session, may be resumed', { pause: 'invalidSession' }),
  invalidSession: loss('gateway', 'invalid session', {
    pause: 'invalidSession',
    session: 'discard',
    closeWith: END_SESSION_CODE,
  }),
  reconnect: loss('shard', 'reconnect requested', { reconnect: 'always' }),
  resume: loss('shard', 'another session was handed over', { reconnect: 'always' }),
  reinstantiate: loss('shard', 'a new session was requested', { reconnect: 'always', session: 'discard' }),
} as const;

export type LossCause = keyof typeof LOSSES | 'event';

const userLoss = (code: number, reason: string, session: 'keep' | 'discard'): Loss =>
  loss('shard', reason, {
    code,
    closeWith: code,
    session: session === 'keep' ? 'keep' : 'discard',
    reconnect: 'never',
  });

type LossEvent = Extract<
  ShardEvent,
  {
    type:
      | 'socket.closed'
      | 'socket.failed'
      | 'socket.decodeFailed'
      | 'identify.refused'
      | 'shard.disconnect'
      | 'shard.forceClose';
  }
>;

/** Losses that the event itself tells. */
const LOSS_BY_EVENT: { [Type in LossEvent['type']]: (event: Extract<LossEvent, { type: Type }>) => Loss } = {
  'socket.closed': ({ code, reason }) => {
    const { name, action, fault = null, pause = 'backoff' } = closePolicy(code);
    return loss(code === 1006 ? 'transport' : 'gateway', reason === '' ? name : reason, {
      code,
      closeWith: null,
      session: action === 'resume' ? 'keep' : 'discard',
      fault,
      pause,
      reconnect: action === 'fail' ? 'never' : 'ifEnabled',
    });
  },
  'socket.failed': ({ reason, cause }) =>
    loss('transport', reason, { closeWith: null, fault: 'CONNECTION_FAILED', cause }),
  'socket.decodeFailed': ({ reason, cause }) => loss('shard', reason, { fault: 'DECODE_FAILED', cause }),
  'identify.refused': ({ reason, cause }) => loss('shard', reason, { fault: 'IDENTIFY_REFUSED', cause }),
  'shard.disconnect': ({ code, reason, session }) => userLoss(code, reason, session),
  'shard.forceClose': ({ code, session }) => userLoss(code, 'forced', session),
};

export const lossOf = (cause: LossCause, event: ShardEvent): Loss =>
  cause === 'event'
    ? ((LOSS_BY_EVENT as Record<string, (event: ShardEvent) => Loss>)[event.type]?.(event) ?? UNKNOWN_LOSS)
    : LOSSES[cause];
