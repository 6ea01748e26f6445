/**
 * The telemetry channels of `node:diagnostics_channel`. A metrics library subscribes by name and needs no reference to
 * a shard; it only has to run in the thread of the shard or of its manager. Fields are plain and, apart from shard ids,
 * bounded, so they can be metric labels. They contain no payloads, no text and no token. Dispatches publish nothing, and
 * without subscribers no message is created.
 */
import { channel } from 'node:diagnostics_channel';
import type { Initiator, ShardState } from '../../machines/index.ts';
import type { GatewayErrorCode } from './errors.ts';

/** The messages on the channel `shardwright:shard`. */
export type ShardTelemetry = { readonly shardId: number } & (
  | { readonly event: 'stateChange'; readonly from: ShardState; readonly to: ShardState }
  /** READY: a new session has begun. `guilds` is its number of guilds. */
  | { readonly event: 'ready'; readonly guilds: number }
  /** RESUMED: `replayed` is the number of dispatches that Discord sent again. */
  | { readonly event: 'resumed'; readonly replayed: number }
  /** A connection has ended. `code` is the close code, `null` if there was none. */
  | {
      readonly event: 'disconnected';
      readonly code: number | null;
      readonly initiator: Initiator;
      readonly willReconnect: boolean;
      readonly willResume: boolean;
    }
  /** A heartbeat was acknowledged. */
  | { readonly event: 'heartbeat'; readonly latencyMs: number }
  /** A heartbeat was late, because this process was busy. */
  | { readonly event: 'lagged'; readonly lateMs: number }
  /** Discord delayed a request. */
  | { readonly event: 'rateLimited'; readonly opcode: number; readonly retryAfterMs: number }
  /** A fault: a problem that the shard survives. */
  | { readonly event: 'fault'; readonly code: GatewayErrorCode }
  /** A failure: the shard has stopped for good. */
  | { readonly event: 'failed'; readonly code: GatewayErrorCode }
);

/** The messages on the channel `shardwright:identify`. `waitMs` counts from the request. */
export type IdentifyTelemetry = { readonly shardId: number } &
  /** The gate granted a permit. */
  (
    | { readonly event: 'granted'; readonly waitMs: number }
    /** The IDENTIFY was sent. `remainingStarts` is `null` if the gate has no `budget`. */
    | { readonly event: 'sent'; readonly waitMs: number; readonly remainingStarts: number | null }
    /** The permit was returned unused. */
    | { readonly event: 'released' }
    /** The shard left the queue, or the gate rejected the request. */
    | { readonly event: 'abandoned'; readonly waitMs: number }
    /** No session starts are left for `retryAfterMs`. */
    | { readonly event: 'budgetSpent'; readonly retryAfterMs: number }
  );

/** The messages on the channel `shardwright:send`, about your payloads only: no heartbeats, no handshake. */
export type SendTelemetry = { readonly shardId: number } &
  /** Written to the socket, `waitMs` after `send()`. `pending` other payloads are queued. */
  (
    | { readonly event: 'sent'; readonly kind: SentKind; readonly waitMs: number; readonly pending: number }
    /** It will not be sent: it was aborted, or the shard has stopped. */
    | { readonly event: 'abandoned'; readonly kind: SentKind; readonly waitMs: number; readonly code: GatewayErrorCode }
    /** The send limiter delays payloads, to stay within Discord's limits. */
    | { readonly event: 'throttled'; readonly pending: number; readonly retryAfterMs: number }
  );

/** The kind of a payload; `priority` is one that was sent with `ignoreRateLimit`. */
export type SentKind = 'command' | 'presence' | 'priority';

/** A channel with the type of its messages. */
interface TypedChannel<Message extends object> {
  readonly name: string | symbol;
  readonly hasSubscribers: boolean;
  publish(message: Message): void;
}

export const shardChannel: TypedChannel<ShardTelemetry> = channel('shardwright:shard');
export const identifyChannel: TypedChannel<IdentifyTelemetry> = channel('shardwright:identify');
export const sendChannel: TypedChannel<SendTelemetry> = channel('shardwright:send');
