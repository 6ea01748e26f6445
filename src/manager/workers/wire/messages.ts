/**
 * What a manager's thread and the threads of its shards say to each other. Dispatches cross as the bytes they came in;
 * all else is plain data. A shard is known by a key of its own: two sets of shards may live side by side, and a key
 * that is no longer known is not listened to.
 */
import type { GatewayPresenceUpdateData } from 'discord-api-types/v10';
import type { ShardTiming } from '../../../../machines/index.ts';
import type { Compression } from '../../../protocol/gateway-url.ts';
import type { EventName } from '../../../protocol/packets.ts';
import type { Session } from '../../../session/session.ts';
import type { Logger } from '../../../shard/logger.ts';
import type { FORWARDED_EVENTS } from '../../manager-events.ts';
import type { SerializedError } from './serialized-error.ts';

/** What all shards share, as far as it is data. */
export interface ThreadOptions {
  readonly token: string;
  readonly intents: number;
  readonly version: number;
  readonly compression: Compression;
  readonly maxMessageBytes: number;
  readonly events?: readonly EventName[];
  readonly largeThreshold?: number;
  readonly properties: { readonly os: string; readonly browser: string; readonly device: string };
  readonly shouldReconnect: boolean;
  readonly timing: ShardTiming;
}

/** What one shard has of its own. */
export interface ThreadShardConfig {
  readonly shardId: number;
  readonly shardCount: number;
  readonly url: string;
  readonly presence: GatewayPresenceUpdateData | undefined;
  /** To resume; without one it asks for what the store has. */
  readonly session: Session | null;
}

/** What a shard can be asked for, and answers with {@link ShardMessage} `response`. */
export type Method =
  | 'connect'
  | 'disconnect'
  | 'reconnect'
  | 'send'
  | 'requestGuildMembers'
  | 'heartbeat'
  | 'barrier'
  | 'settled';

interface ToShard {
  pauseReading: object;
  resumeReading: object;
  /** From now on every packet is told as an event. */
  enableRaw: object;
  forceClose: { readonly code: number | undefined };
  /** What came after this sequence is to come again. */
  rewind: { readonly sequence: number };
  /** It is at rest, and no longer needed. */
  disposeShard: object;
}

export type ToThread =
  | { readonly type: 'init'; readonly options: ThreadOptions }
  | { readonly type: 'createShard'; readonly key: number; readonly config: ThreadShardConfig }
  | {
      readonly type: 'request';
      readonly key: number;
      readonly id: number;
      readonly method: Method;
      readonly args: readonly unknown[];
    }
  | { [Type in keyof ToShard]: { readonly type: Type; readonly key: number } & ToShard[Type] }[keyof ToShard]
  /** The signal that a call was given has fired. */
  | { readonly type: 'abort'; readonly id: number }
  | {
      readonly type: 'response';
      readonly id: number;
      readonly session: Session | null;
      readonly error: SerializedError | null;
    }
  | { readonly type: 'budgetSpent'; readonly id: number; readonly retryAfterMs: number }
  /** A batch has been handed out: there is room for another. */
  | { readonly type: 'batchAck' }
  | { readonly type: 'ping' }
  | { readonly type: 'shutdown' };

/** What a shard tells, in its order, and among its dispatches. */
export type ShardMessage =
  | {
      readonly kind: 'event';
      readonly name: (typeof FORWARDED_EVENTS)[number] | 'raw';
      readonly args: readonly unknown[];
    }
  /** Another session, or none. */
  | { readonly kind: 'session'; readonly session: Session | null }
  | { readonly kind: 'save'; readonly session: Session }
  | { readonly kind: 'clear' }
  | { readonly kind: 'request'; readonly what: 'session' | 'permit'; readonly id: number }
  | { readonly kind: 'permit'; readonly what: 'sent' | 'release' | 'abort'; readonly id: number }
  | { readonly kind: 'response'; readonly id: number; readonly value: unknown; readonly error: SerializedError | null }
  | { readonly kind: 'stats'; readonly stats: ShardStats }
  | { readonly kind: 'log'; readonly level: keyof Logger; readonly message: string }
  /** What was asked by `rewind` is done: dispatches from here on come after that sequence. */
  | { readonly kind: 'rewound' };

export interface ShardStats {
  readonly ping: number | null;
  readonly lastFrameAt: number | null;
  readonly lastAckAt: number | null;
  readonly pendingSends: number;
}

/** Said by one shard after so many dispatches of the batch. */
export type OrderedMessage = ShardMessage & { readonly key: number; readonly after: number };

export type FromThread =
  | { readonly type: 'started' }
  | { readonly type: 'pong' }
  | { readonly type: 'batch'; readonly bytes: ArrayBuffer; readonly messages: readonly OrderedMessage[] }
  | { readonly type: 'ended' };
