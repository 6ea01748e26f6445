/**
 * The messages between the manager's thread and its worker threads. Dispatches cross as the bytes they arrived in. What
 * the gateway or the user's code made crosses as JSON: a structured clone of it may fail, and of deeply nested data it
 * may fail even where it arrives, because threads have stacks of different sizes. Everything else is plain data.
 *
 * Each shard has its own key, because two sets of shards may live side by side. Messages with an unknown key are
 * ignored: that shard was disposed of.
 */
import type { GatewayPresenceUpdateData } from 'discord-api-types/v10';
import type { AwayReason, ShardTiming } from '../../../../machines/index.ts';
import type { DispatchCounts } from '../../../connection/dispatch-counter.ts';
import type { FrameHead } from '../../../connection/frame-tap.ts';
import type { Compression } from '../../../protocol/gateway-url.ts';
import type { AnyEventName } from '../../../protocol/packets.ts';
import type { SendTelemetry } from '../../../protocol/telemetry.ts';
import type { Session } from '../../../session/session.ts';
import type { Logger } from '../../../shard/logger.ts';
import type { RefusedPresence } from '../../../shard/refused-payload.ts';
import type { FORWARDED_EVENTS } from '../../manager-events.ts';
import type { SerializedError } from './serialized-error.ts';

/** The options that all shards share, as far as they are data. */
export interface ThreadOptions {
  readonly token: string;
  readonly intents: number;
  readonly allowedHosts?: readonly string[];
  readonly proxy?: string | false;
  readonly version: number;
  readonly compression: Compression;
  readonly maxMessageBytes: number;
  readonly maxBufferedBytes: number;
  readonly events?: readonly AnyEventName[];
  readonly largeThreshold?: number;
  readonly properties: { readonly os: string; readonly browser: string; readonly device: string };
  readonly shouldReconnect: boolean;
  readonly restoreVoiceStates: boolean;
  readonly warmStart: boolean;
  /** Whether observers of the manager may ask for the frames and the steps of shards. */
  readonly isObservable: boolean;
  readonly timing: ShardTiming;
}

/** The configuration that differs from shard to shard. */
export interface ThreadShardConfig {
  readonly shardId: number;
  readonly shardCount: number;
  readonly url: string;
  readonly presence: GatewayPresenceUpdateData | undefined;
  /** The session to resume; with `null` the shard requests the one in the store. */
  readonly session: Session | null;
}

/** What each further thread of a shard is asked for, too. */
export type StandingRequest = 'pauseReading' | 'enableRaw' | 'observeFrames' | 'observeSteps';

/** The methods of a shard that can be called by message. A {@link ShardMessage} of kind `response` answers each. */
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
  /** Leaves the connection, with a reason, until the message comes with `null`. */
  setBufferFull: { readonly because: AwayReason | null };
  /** Discord refused it on another shard. */
  dropPresence: { readonly presence: RefusedPresence };
  /** Every packet is sent as an event from now on. */
  enableRaw: object;
  /** The head of each frame is sent from now on, and how many dispatches there were. */
  observeFrames: object;
  /** The active states of the statechart are sent now, and each step from now on. */
  observeSteps: object;
  forceClose: { readonly code: number | undefined };
  /** The shard resumes from this sequence, so that the dispatches after it come again. */
  rewind: { readonly sequence: number };
  /** The shard is no longer needed. */
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
      /** A list, as JSON. */
      readonly args: string;
    }
  | { [Type in keyof ToShard]: { readonly type: Type; readonly key: number } & ToShard[Type] }[keyof ToShard]
  /** The signal of a call has aborted. */
  | { readonly type: 'abort'; readonly id: number }
  | {
      readonly type: 'response';
      readonly id: number;
      /** A session or `null`, as JSON. */
      readonly session: string;
      /** The answer to a request for a snapshot. */
      readonly snapshot: Uint8Array | null;
      readonly error: SerializedError | null;
    }
  | { readonly type: 'budgetSpent'; readonly id: number; readonly retryAfterMs: number }
  /** What shards publish about sends is sent from now on. */
  | { readonly type: 'observeSends' }
  /** A batch has been processed, so another may be sent. */
  | { readonly type: 'batchAck' }
  | { readonly type: 'ping' }
  | { readonly type: 'shutdown' };

/** A message of a shard, in order with its dispatches. */
export type ShardMessage =
  | {
      readonly kind: 'event';
      readonly name: (typeof FORWARDED_EVENTS)[number] | 'raw';
      readonly args: readonly unknown[];
    }
  /** Why the shard has failed; the event that it has follows. */
  | { readonly kind: 'failure'; readonly error: SerializedError }
  /** The shard has another session, or none. */
  | { readonly kind: 'session'; readonly session: Session | null }
  | { readonly kind: 'save'; readonly session: Session }
  | { readonly kind: 'clear' }
  | { readonly kind: 'request'; readonly what: 'session' | 'snapshot' | 'permit'; readonly id: number }
  | { readonly kind: 'permit'; readonly what: 'sent' | 'release' | 'abort'; readonly id: number }
  | { readonly kind: 'response'; readonly id: number; readonly value: unknown; readonly error: SerializedError | null }
  | { readonly kind: 'stats'; readonly stats: ShardStats }
  | { readonly kind: 'log'; readonly level: keyof Logger; readonly message: string }
  /** `at`: when the frame passed. */
  | { readonly kind: 'frame'; readonly head: FrameHead; readonly at: number }
  /** The dispatches since the last of these messages. */
  | ({ readonly kind: 'dispatches' } & ListedCounts)
  | { readonly kind: 'active'; readonly active: readonly string[] }
  /** `active` is `null` if it is as in the last of these messages. `at`: when the step was taken. */
  | {
      readonly kind: 'step';
      readonly event: string;
      readonly taken: readonly string[];
      readonly active: readonly string[] | null;
      readonly at: number;
    }
  /** Answers `rewind`: the dispatches from here on come after that sequence. */
  | { readonly kind: 'rewound' }
  /** Stands for a dispatch that could not be sent. */
  | { readonly kind: 'undelivered'; readonly sequence: number | null; readonly error: SerializedError };

/** A map is no JSON, so the kinds are a list. */
type ListedCounts = Omit<DispatchCounts, 'kinds'> & {
  readonly kinds: readonly (readonly [name: string, { readonly count: number; readonly bytes: number }])[];
};

export interface ShardStats {
  readonly ping: number | null;
  readonly lastFrameAt: number | null;
  readonly lastAckAt: number | null;
  readonly pendingSends: number;
}

/** A message of one shard, with its place in the batch: after the first `after` dispatches. */
export type OrderedMessage = ShardMessage & { readonly key: number; readonly after: number };

export type FromThread =
  | { readonly type: 'started' }
  | { readonly type: 'pong' }
  /** `messages`: a list of {@link OrderedMessage}, as JSON. */
  | { readonly type: 'batch'; readonly bytes: ArrayBuffer; readonly messages: string }
  | { readonly type: 'sendTelemetry'; readonly telemetry: SendTelemetry }
  | { readonly type: 'ended' };
