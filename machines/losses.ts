/**
 * Every way a connection can be lost, and what follows from it: one row each. The chart says *when* a connection
 * is lost; this table says what becomes of the session, the socket and the next attempt.
 */
import { closePolicy } from './close-codes.ts';
import type { Initiator, LifecycleFault, ShardEvent } from './events.ts';
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
  readonly session: 'keep' | 'drop';
  readonly pause: Pause;
  readonly fault: LifecycleFault | null;
  /** `insist`: the user asked for it, whatever `shouldReconnect` says. */
  readonly reconnect: 'maybe' | 'insist' | 'never';
  readonly cause: unknown;
}

const row = (initiator: Initiator, reason: string, rest: Partial<Loss> = {}): Loss => ({
  initiator,
  code: null,
  reason,
  closeWith: KEEP_SESSION_CODE,
  session: 'keep',
  pause: 'backoff',
  fault: null,
  reconnect: 'maybe',
  cause: undefined,
  ...rest,
});

/** For an event that tells nothing; the chart never asks for one. */
const UNTOLD = row('shard', 'unknown');

/** Losses that need no detail of the event behind them. */
const LOSSES = {
  connectTimeout: row('shard', 'the socket did not open in time', { closeWith: null, fault: 'CONNECT_TIMEOUT' }),
  helloTimeout: row('shard', 'no HELLO in time', { closeWith: null, fault: 'HELLO_TIMEOUT' }),
  invalidInterval: row('shard', 'HELLO without a sane heartbeat interval', { fault: 'INVALID_HEARTBEAT_INTERVAL' }),
  zombie: row('shard', 'no heartbeat ACK between two beats', { closeWith: null }),
  readyTimeout: row('shard', 'no READY in time', { fault: 'READY_TIMEOUT' }),
  resumedTimeout: row('shard', 'no RESUMED in time', { fault: 'RESUME_TIMEOUT' }),
  silent: row('shard', 'no dispatch in time', { fault: 'DISPATCH_SILENCE' }),
  reconnectRequested: row('gateway', 'the gateway asked for a reconnect'),
  sessionSuspended: row('gateway', 'invalid session, may be resumed', { pause: 'invalidSession' }),
  sessionInvalidated: row('gateway', 'invalid session', {
    pause: 'invalidSession',
    session: 'drop',
    closeWith: END_SESSION_CODE,
  }),
  reconnect: row('shard', 'reconnect requested', { reconnect: 'insist' }),
  handover: row('shard', 'another session was handed over', { reconnect: 'insist' }),
  reinstantiate: row('shard', 'a new session was requested', { reconnect: 'insist', session: 'drop' }),
} as const;

export type LossCause = keyof typeof LOSSES | 'event';

const ended = (code: number, reason: string, session: 'keep' | 'discard'): Loss =>
  row('shard', reason, {
    code,
    closeWith: code,
    session: session === 'keep' ? 'keep' : 'drop',
    reconnect: 'never',
  });

type Losing = Extract<
  ShardEvent,
  { type: 'socket.closed' | 'socket.failed' | 'socket.corrupted' | 'identify.refused' | 'shard.disconnect' | 'shard.forceClose' }
>;

/** Losses that the event itself tells. */
const TOLD: { [Type in Losing['type']]: (event: Extract<Losing, { type: Type }>) => Loss } = {
  'socket.closed': ({ code, reason }) => {
    const { name, action, fault = null, pause = 'backoff' } = closePolicy(code);
    return row(code === 1006 ? 'transport' : 'gateway', reason === '' ? name : reason, {
      code,
      closeWith: null,
      session: action === 'resume' ? 'keep' : 'drop',
      fault,
      pause,
      reconnect: action === 'fail' ? 'never' : 'maybe',
    });
  },
  'socket.failed': ({ reason, cause }) => row('transport', reason, { closeWith: null, fault: 'CONNECTION_FAILED', cause }),
  'socket.corrupted': ({ reason, cause }) => row('shard', reason, { fault: 'DECODE_FAILED', cause }),
  'identify.refused': ({ reason, cause }) => row('shard', reason, { fault: 'IDENTIFY_REFUSED', cause }),
  'shard.disconnect': ({ code, reason, session }) => ended(code, reason, session),
  'shard.forceClose': ({ code, session }) => ended(code, 'forced', session),
};

export const lossOf = (cause: LossCause, event: ShardEvent): Loss =>
  cause === 'event' ? (TOLD as Record<string, (event: ShardEvent) => Loss>)[event.type]?.(event) ?? UNTOLD : LOSSES[cause];
