/** What a shard tells, event by event. None is named `error`: a missing listener must not end a process. */
import type { GatewayReadyDispatchData } from 'discord-api-types/v10';
import type { Initiator, ShardState } from '../../machines/index.ts';
import type { GatewayError } from '../protocol/errors.ts';
import type { Dispatch, Packet } from '../protocol/packets.ts';

export interface StateChange {
  from: ShardState;
  to: ShardState;
}

export interface Disconnected {
  /** The close code received or sent; `null` when the connection ended without a close frame from either side. */
  code: number | null;
  reason: string;
  /** Who ended the connection; `transport` when it broke, or never came about. */
  initiator: Initiator;
  willReconnect: boolean;
  willResume: boolean;
}

/** @see https://discord.com/developers/docs/events/gateway-events#rate-limited */
export interface RateLimited {
  opcode: number;
  /** Seconds, as Discord gives them. */
  retryAfter: number;
  guildId?: string;
  nonce?: string;
}

/** The arguments of each event of a `Shard`. */
export interface ShardEvents {
  /** The flat state has changed. */
  stateChange: [StateChange];
  /** The socket is open. */
  connected: [];
  /** HELLO came; ms. */
  hello: [{ heartbeatInterval: number }];
  /** A new session has begun. */
  ready: [GatewayReadyDispatchData];
  /** The session goes on; after the last replayed dispatch, with their count. */
  resumed: [{ replayed: number }];
  /** Ready again after a loss. */
  reconnected: [{ resumed: boolean }];
  /** A connection, or an attempt at one, has ended. */
  disconnected: [Disconnected];
  /** A beat was answered; the round trip in ms. */
  heartbeat: [{ latency: number }];
  /** An event from Discord. */
  dispatch: [Dispatch];
  /** Every decoded packet, before anything is done with it. */
  raw: [Packet];
  /** Discord held back a request. */
  rateLimited: [RateLimited];
  /** Our own limiter holds frames back; ms. */
  throttled: [{ pending: number; retryAfterMs: number }];
  /** A beat was more than a quarter of the interval late: the process was busy or asleep. */
  lagged: [{ lateMs: number }];
  /** Something went wrong that the shard survives. */
  fault: [GatewayError];
  /** The shard has stopped for good; somebody has to change something. */
  failed: [GatewayError];
}
