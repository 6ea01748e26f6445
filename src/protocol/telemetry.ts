/**
 * What others can measure: channels of `node:diagnostics_channel`, by name, so that a metrics library needs nothing of
 * a shard but that it runs in the same thread. Fields are plain and bounded, but for the ids of shards: no payload, no
 * text of anybody's, never the token. Nothing is told per dispatch. With no subscriber nothing is made.
 */
import { channel } from 'node:diagnostics_channel';
import type { Initiator, ShardState } from '../../machines/index.ts';
import type { GatewayErrorCode } from './errors.ts';

/** What is told on `shardwright:shard`. */
export type ShardTelemetry = { readonly shardId: number } & (
  | { readonly event: 'stateChange'; readonly from: ShardState; readonly to: ShardState }
  /** A new session has begun, of so many guilds. */
  | { readonly event: 'ready'; readonly guilds: number }
  | { readonly event: 'resumed'; readonly replayed: number }
  /** A connection has ended; `code` is the close code, `null` when there was none. */
  | {
      readonly event: 'disconnected';
      readonly code: number | null;
      readonly initiator: Initiator;
      readonly willReconnect: boolean;
      readonly willResume: boolean;
    }
  /** A beat was answered. */
  | { readonly event: 'heartbeat'; readonly latencyMs: number }
  /** A beat was late, because this process was busy. */
  | { readonly event: 'lagged'; readonly lateMs: number }
  /** Discord held back a request. */
  | { readonly event: 'rateLimited'; readonly opcode: number; readonly retryAfterMs: number }
  /** Something went wrong that is survived. */
  | { readonly event: 'fault'; readonly code: GatewayErrorCode }
  /** The shard has stopped for good. */
  | { readonly event: 'failed'; readonly code: GatewayErrorCode }
);

/** What is told on `shardwright:identify`; waits are from the request on. */
export type IdentifyTelemetry = { readonly shardId: number } &
  /** The gate has given a permit. */
  (
    | { readonly event: 'granted'; readonly waitMs: number }
    /** The IDENTIFY has left; `remainingStarts` is `null` when the gate does not tell. */
    | { readonly event: 'sent'; readonly waitMs: number; readonly remainingStarts: number | null }
    /** The permit was given back unused. */
    | { readonly event: 'released' }
    /** The shard no longer waits. */
    | { readonly event: 'abandoned'; readonly waitMs: number }
    /** No session starts are left for so long. */
    | { readonly event: 'budgetSpent'; readonly retryAfterMs: number }
  );

/** What is told on `shardwright:send`, of what the user has sent; beats and the handshake are not. */
export type SendTelemetry = { readonly shardId: number } &
  /** Handed to the socket, so long after `send()`; `pending` others wait. */
  (
    | { readonly event: 'sent'; readonly kind: SentKind; readonly waitMs: number; readonly pending: number }
    /** It will not be sent: aborted, or the shard has stopped. */
    | { readonly event: 'abandoned'; readonly kind: SentKind; readonly waitMs: number; readonly code: GatewayErrorCode }
    /** Frames are held back, to stay within Discord's limits. */
    | { readonly event: 'throttled'; readonly pending: number; readonly retryAfterMs: number }
  );

/** `priority` is what was sent with `ignoreRateLimit`. */
export type SentKind = 'command' | 'presence' | 'priority';

/** A channel with the type of what it tells. */
interface TypedChannel<Message extends object> {
  readonly hasSubscribers: boolean;
  publish(message: Message): void;
}

export const shardChannel: TypedChannel<ShardTelemetry> = channel('shardwright:shard');
export const identifyChannel: TypedChannel<IdentifyTelemetry> = channel('shardwright:identify');
export const sendChannel: TypedChannel<SendTelemetry> = channel('shardwright:send');
