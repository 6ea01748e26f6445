/** The events of a shard. No event is named `error`, because Node ends a process that has no listener for it. */
import type { GatewayReadyDispatchData } from 'discord-api-types/v10';
import type { Initiator, ShardState } from '../../machines/index.ts';
import type { GatewayError } from '../protocol/errors.ts';
import type { Dispatch, Packet } from '../protocol/packets.ts';

/** The argument of `stateChange`. */
export interface StateChange {
  from: ShardState;
  to: ShardState;
}

/** The argument of `disconnected`. */
export interface Disconnected {
  /** The close code that was received or sent; `null` when the connection ended without a close frame. */
  code: number | null;
  reason: string;
  /** Who ended the connection. `transport`: it broke, or could not be opened. */
  initiator: Initiator;
  willReconnect: boolean;
  /** Whether the next connection resumes the session, so that no events are lost. */
  willResume: boolean;
}

/**
 * The argument of `rateLimited`.
 * @see https://discord.com/developers/docs/events/gateway-events#rate-limited
 */
export interface RateLimited {
  /** The opcode of the request that Discord rejected. */
  opcode: number;
  /** Time until the request may be repeated, in seconds. */
  retryAfter: number;
  guildId?: string;
  nonce?: string;
}

/** The events of a `Shard`, with the arguments of their listeners. */
export interface ShardEvents {
  /** Emitted when `state` has changed. */
  stateChange: [StateChange];
  /** Emitted when the socket is open. */
  connected: [];
  /** Emitted at HELLO; `heartbeatInterval` is in ms. */
  hello: [{ heartbeatInterval: number }];
  /** Emitted at READY, when a new session begins. */
  ready: [GatewayReadyDispatchData];
  /** Emitted at RESUMED, after the replay; `replayed` is the number of replayed dispatches. */
  resumed: [{ replayed: number }];
  /** Emitted when the shard is ready again after it lost its connection. */
  reconnected: [{ resumed: boolean }];
  /** Emitted when a connection, or an attempt to connect, has ended. */
  disconnected: [Disconnected];
  /** Emitted when a heartbeat is acknowledged; `latency` is the round trip in ms. */
  heartbeat: [{ latency: number }];
  /** Emitted for every dispatch; its `t` narrows its `d`. `onDispatch()` is cheaper if you need only some of them. */
  dispatch: [Dispatch];
  /** Emitted for every packet, before the shard handles it. A listener makes the shard decode all dispatches. */
  raw: [Packet];
  /** Emitted when Discord rejects a request with RATE_LIMITED. */
  rateLimited: [RateLimited];
  /** Emitted when the send limit delays payloads; `retryAfterMs` is the time until the next is sent. */
  throttled: [{ pending: number; retryAfterMs: number }];
  /** Emitted when a heartbeat was late by more than a quarter of its interval: the process was busy or asleep. */
  lagged: [{ lateMs: number }];
  /** Emitted for a problem that the shard survives. */
  fault: [GatewayError];
  /**
   * Emitted when the shard has stopped for good. Its `hint` says what to change before you connect again. Without a
   * listener the failure is written to stderr, unless you set `logger`. If no call and no stream reports it either, the
   * exit code of the process becomes 1.
   */
  failed: [GatewayError];
}

/** All events of a shard, for checks of names. */
export const SHARD_EVENT_NAMES: ReadonlySet<string> = new Set(
  Object.keys({
    stateChange: true,
    connected: true,
    hello: true,
    ready: true,
    resumed: true,
    reconnected: true,
    disconnected: true,
    heartbeat: true,
    dispatch: true,
    raw: true,
    rateLimited: true,
    throttled: true,
    lagged: true,
    fault: true,
    failed: true,
  } satisfies Record<keyof ShardEvents, true>),
);
