/**
 * Every way a shard can lose its connection, one row each. The chart says *when* the connection is lost. This table
 * says what happens to the session and the socket, and how the next attempt is made.
 */
import { closePolicy } from './close-codes.ts';
import type { Initiator, LifecycleFault, ShardEmitted, ShardEvent } from './shard/events.ts';
import type { Pause } from './timing.ts';

/** Closes the connection and keeps the session. Every code other than 1000 and 1001 does. */
export const KEEP_SESSION_CODE = 4000;
/** Closes the connection and ends the session at Discord. */
export const END_SESSION_CODE = 1000;

/**
 * Whether a shard that closes with this code ends its session.
 * @see https://discord.com/developers/docs/events/gateway#initiating-a-disconnect
 */
export const endsSession = (code: number): boolean => code === 1000 || code === 1001;

/** Why a connection was lost, and what follows. */
export interface Loss {
  readonly initiator: Initiator;
  /** The close code received or sent; `null` when there was none. */
  readonly code: number | null;
  /** Emitted with `disconnected`, and sent to Discord in the close frame. */
  readonly reason: string;
  /** The code that the shard closes with; `null` terminates the socket without a close handshake. */
  readonly closeWith: number | null;
  readonly session: 'keep' | 'discard';
  readonly pause: Pause;
  /** How long the server asked to wait; the pause is added to it. `null` if it did not. */
  readonly retryAfterMs: number | null;
  /** The fault to emit, if any. */
  readonly fault: LifecycleFault | null;
  /** `ifEnabled` follows the option `shouldReconnect`. `always` ignores it, because you asked for the reconnect. */
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
  retryAfterMs: null,
  fault: null,
  reconnect: 'ifEnabled',
  cause: undefined,
  ...rest,
});

/** For an event without a row in `LOSS_BY_EVENT`. The chart never passes one. */
const UNKNOWN_LOSS = loss('shard', 'unknown');

/** Losses that are the same whatever the event carries. */
const LOSSES = {
  connectTimeout: loss('shard', 'the socket did not open within connectTimeoutMs', {
    closeWith: null,
    fault: 'CONNECT_TIMEOUT',
  }),
  helloTimeout: loss('shard', 'no HELLO within helloTimeoutMs', { closeWith: null, fault: 'HELLO_TIMEOUT' }),
  invalidInterval: loss('shard', 'HELLO had no valid heartbeat interval', { fault: 'INVALID_HEARTBEAT_INTERVAL' }),
  zombie: loss('shard', 'a heartbeat was not acknowledged before the next was due', { closeWith: null }),
  readyTimeout: loss('shard', 'no READY in time (readyPatienceMs)', { fault: 'READY_TIMEOUT' }),
  resumedTimeout: loss('shard', 'no RESUMED within resumedTimeoutMs', { fault: 'RESUME_TIMEOUT' }),
  dispatchTimeout: loss('shard', 'no dispatch within maxDispatchSilenceMs', { fault: 'DISPATCH_SILENCE' }),
  bufferFull: loss('shard', 'more than maxBufferedBytes wait for the consumers of dispatches()', {
    pause: 'room',
    fault: 'BUFFER_FULL',
  }),
  suspended: loss('shard', 'the process did not run for so long that another node may have the shard', {
    pause: 'room',
  }),
  reconnectRequested: loss('gateway', 'the gateway asked for a reconnect'),
  invalidSessionResumable: loss('gateway', 'the gateway sent Invalid Session; the session may be resumed', {
    pause: 'invalidSession',
  }),
  invalidSession: loss('gateway', 'the gateway sent Invalid Session; the session is over', {
    pause: 'invalidSession',
    session: 'discard',
    closeWith: END_SESSION_CODE,
  }),
  reconnect: loss('shard', 'reconnect() was called', { reconnect: 'always' }),
  resume: loss('shard', 'resume() was called with another session', { reconnect: 'always' }),
  reinstantiate: loss('shard', 'reinstantiate() was called', { reconnect: 'always', session: 'discard' }),
} as const;

/** A row of the table, or `event` where the event itself carries the details. */
export type LossCause = keyof typeof LOSSES | 'event';

const userLoss = (code: number, reason: string, session: Loss['session']): Loss =>
  loss('shard', reason, { code, closeWith: code, session, reconnect: 'never' });

type LossEvent = Extract<
  ShardEvent,
  {
    type:
      | 'socket.closed'
      | 'socket.closeCompleted'
      | 'socket.failed'
      | 'socket.decodeFailed'
      | 'identify.refused'
      | 'session.inUse'
      | 'shard.disconnect'
      | 'shard.forceClose'
      | 'consumer.bufferFull';
  }
>;

const closedLoss = (code: number, reason: string): Loss => {
  const { name, action, fault = null, pause = 'backoff' } = closePolicy(code);
  return loss(code === 1006 ? 'transport' : 'gateway', reason === '' ? name : reason, {
    code,
    closeWith: null,
    session: action === 'resume' ? 'keep' : 'discard',
    fault,
    pause,
    reconnect: action === 'fail' ? 'never' : 'ifEnabled',
  });
};

/** Losses whose details the event carries. */
const LOSS_BY_EVENT: { [Type in LossEvent['type']]: (event: Extract<LossEvent, { type: Type }>) => Loss } = {
  'socket.closed': ({ code, reason }) => closedLoss(code, reason),
  'socket.closeCompleted': ({ code = 1006, reason = '' }) => closedLoss(code, reason),
  'socket.failed': ({ reason, cause, retryAfterMs = null }) =>
    loss('transport', retryAfterMs === null ? reason : `${reason}; the shard waits at least ${retryAfterMs / 1000} s`, {
      closeWith: null,
      retryAfterMs,
      fault: 'CONNECTION_FAILED',
      cause,
    }),
  'socket.decodeFailed': ({ code = 'DECODE_FAILED', reason, cause }) => loss('shard', reason, { fault: code, cause }),
  'identify.refused': ({ reason, cause }) => loss('shard', reason, { fault: 'IDENTIFY_REFUSED', cause }),
  'session.inUse': ({ reason, cause }) => loss('shard', reason, { closeWith: null, reconnect: 'never', cause }),
  'consumer.bufferFull': ({ because = 'bufferFull' }) => LOSSES[because],
  'shard.disconnect': ({ code, reason, session }) => userLoss(code, reason, session),
  'shard.forceClose': ({ code, session }) => userLoss(code, 'forceClose() was called', session),
};

/** Whether the shard stays away until it is told that there is room. */
export const awaitsRoom = ({ loss }: { readonly loss: Loss | null }): boolean => loss?.pause === 'room';

/** Returns the row for a loss, completed with what the event says. */
export const lossOf = (cause: LossCause, event: ShardEvent): Loss =>
  cause === 'event'
    ? ((LOSS_BY_EVENT as Record<string, (event: ShardEvent) => Loss>)[event.type]?.(event) ?? UNKNOWN_LOSS)
    : LOSSES[cause];

/** Why a shard has failed: its last connection was closed for good, or another process has its session. */
export function failureOf({ loss }: { readonly loss: Loss | null }): Extract<ShardEmitted, { type: 'failed' }> {
  const { code: closeCode = null, reason = '', cause } = loss ?? {};
  const fatal = closeCode === null ? undefined : closePolicy(closeCode).fatal;
  return fatal === undefined
    ? { type: 'failed', code: 'SESSION_IN_USE', reason, closeCode: null, cause }
    : { type: 'failed', code: fatal, reason, closeCode, cause: undefined };
}
