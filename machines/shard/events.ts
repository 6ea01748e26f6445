/**
 * The events of a shard's machine, named by where they come from. You send `shard.*`, the transport `socket.*`, Discord
 * `gateway.*`, the identify gate `identify.*`, the session store `session.*`, and the buffers of `dispatches()`
 * `consumer.*`. Events of a connection carry its id, so that late events of a replaced socket can be ignored.
 */

/** Identifies a session. Its sequence changes with every dispatch, so it is kept outside the machine. */
export interface SessionIdentity {
  readonly sessionId: string;
  readonly resumeUrl: string;
}

/** What you ask a shard to do. */
export type ShardCommand =
  | { type: 'shard.connect' }
  /** `connect()` of a shard at rest that need not look for its session; `null` for none. */
  | { type: 'shard.connectWith'; session: SessionIdentity | null }
  | { type: 'shard.resume'; session: SessionIdentity }
  | { type: 'shard.reconnect' }
  | { type: 'shard.reinstantiate' }
  | { type: 'shard.disconnect'; code: number; reason: string; session: 'keep' | 'discard' }
  | { type: 'shard.forceClose'; code: number; session: 'keep' | 'discard' };

/** The connection that an event comes from. Events of a replaced connection are ignored. */
export interface FromConnection {
  readonly connectionId: number;
}

/** What the WebSocket reports. */
export type SocketEvent = FromConnection &
  (
    | { type: 'socket.opened' }
    | { type: 'socket.closed'; code: number; reason: string }
    | {
        type: 'socket.failed';
        reason: string;
        cause?: unknown;
        /** How long the server asked to wait before the next attempt. */
        retryAfterMs?: number | null;
      }
    | {
        type: 'socket.decodeFailed';
        /** `DECODE_FAILED` by default. */
        code?: 'DECODE_FAILED' | 'INTERNAL_ERROR';
        reason: string;
        cause?: unknown;
        /** Whether it was a dispatch whose sequence is known. If a replay repeats it too often, it is skipped. */
        hasSequence?: boolean;
      }
    | { type: 'socket.readsFlushed' }
    | { type: 'socket.dispatchTimeout' }
    | {
        type: 'socket.closeCompleted';
        /** The code with which the gateway closed of its own accord. Its frame crossed that of the shard. */
        code?: number;
        reason?: string;
      }
  );

/** What the gateway sends. */
export type GatewayEvent = FromConnection &
  (
    | { type: 'gateway.hello'; heartbeatIntervalMs: number }
    | { type: 'gateway.ready'; session: SessionIdentity }
    /** The first dispatch after RESUME. */
    | { type: 'gateway.replayStarted' }
    | { type: 'gateway.resumed' }
    | { type: 'gateway.reconnect' }
    | { type: 'gateway.invalidSession'; resumable: boolean }
    | { type: 'gateway.heartbeatRequest' }
    | { type: 'gateway.heartbeatAck' }
  );

/** What the identify gate answers. */
export type IdentifyEvent =
  | { type: 'identify.granted' }
  | { type: 'identify.refused'; reason: string; cause?: unknown };

/** What the session store answers. */
export type SessionEvent =
  | { type: 'session.loaded'; session: SessionIdentity | null }
  | { type: 'session.unavailable'; reason: string; cause?: unknown }
  | { type: 'session.inUse'; reason: string; cause?: unknown }
  | { type: 'snapshot.delivered' }
  | { type: 'snapshot.failed'; reason: string; cause?: unknown };

/**
 * Why a shard stays away: more than `maxBufferedBytes` waits, or its process was frozen and another node may have the shard.
 */
export type AwayReason = 'bufferFull' | 'suspended';

/** What the buffers of `dispatches()` report, or the node of the shard: nothing more can be taken, or there is room again. */
export type ConsumerEvent =
  /** Default: `'bufferFull'`. */
  { type: 'consumer.bufferFull'; because?: AwayReason } | { type: 'consumer.room' };

/** Every event of a shard's machine. */
export type ShardEvent = ShardCommand | SocketEvent | GatewayEvent | IdentifyEvent | SessionEvent | ConsumerEvent;

/** What the machine sends to the actor `socket`. */
export type SocketCommand =
  | { type: 'heartbeat'; scheduled: boolean }
  | { type: 'identify' }
  | { type: 'resume' }
  | { type: 'flushReads' };

/** Who ended a connection. */
export type Initiator = 'gateway' | 'shard' | 'transport';

/** The faults that the machine itself reports. */
export type LifecycleFault =
  | 'CONNECTION_FAILED'
  | 'CONNECT_TIMEOUT'
  | 'HELLO_TIMEOUT'
  | 'INVALID_HEARTBEAT_INTERVAL'
  | 'RESUME_TIMEOUT'
  | 'READY_TIMEOUT'
  | 'RATE_LIMITED'
  | 'PAYLOAD_REFUSED'
  | 'NOT_AUTHENTICATED'
  | 'ALREADY_AUTHENTICATED'
  | 'RESUMES_EXHAUSTED'
  | 'DISPATCH_SILENCE'
  | 'DECODE_FAILED'
  | 'BUFFER_FULL'
  | 'INTERNAL_ERROR'
  | 'IDENTIFY_REFUSED'
  | 'SESSION_STORE_FAILED'
  | 'SNAPSHOT_FAILED';

/** The failures that no retry can cure; each belongs to a close code. */
export type FatalCode =
  | 'AUTHENTICATION_FAILED'
  | 'INVALID_SHARD'
  | 'SHARDING_REQUIRED'
  | 'INVALID_API_VERSION'
  | 'INVALID_INTENTS'
  | 'DISALLOWED_INTENTS';

/** What the machine of a shard emits. */
export type ShardEmitted =
  | { type: 'connected' }
  | { type: 'hello'; heartbeatIntervalMs: number }
  | { type: 'reconnected'; resumed: boolean }
  | {
      type: 'disconnected';
      code: number | null;
      reason: string;
      initiator: Initiator;
      willReconnect: boolean;
      willResume: boolean;
    }
  | { type: 'fault'; code: LifecycleFault; reason: string; closeCode: number | null; cause: unknown }
  | {
      type: 'failed';
      /** `SESSION_IN_USE` is the only failure without a close code. */
      code: FatalCode | 'SESSION_IN_USE';
      reason: string;
      closeCode: number | null;
      cause: unknown;
    };
