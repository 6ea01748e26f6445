/**
 * The vocabulary of a shard's life. Families by origin: `shard.*` is what the user asks, `socket.*` what the
 * transport reports, `gateway.*` what Discord says, `identify.*` the permit, `session.*` the store. Events carry
 * the id of the connection they come from, so that one of a replaced socket can be told apart.
 */

/** What makes a session findable again. Its sequence moves with every dispatch and lives outside the machine. */
export interface SessionIdentity {
  readonly sessionId: string;
  readonly resumeUrl: string;
}

export type ShardCommand =
  | { type: 'shard.connect' }
  | { type: 'shard.resume'; session: SessionIdentity }
  | { type: 'shard.reconnect' }
  | { type: 'shard.reinstantiate' }
  | { type: 'shard.disconnect'; code: number; reason: string; session: 'keep' | 'discard' }
  | { type: 'shard.forceClose'; code: number; session: 'keep' | 'discard' };

/** The connection that an event comes from. Events of a replaced connection are ignored. */
export interface FromConnection {
  readonly connectionId: number;
}

export type SocketEvent = FromConnection &
  (
    | { type: 'socket.opened' }
    | { type: 'socket.closed'; code: number; reason: string }
    | { type: 'socket.failed'; reason: string; cause?: unknown }
    | { type: 'socket.decodeFailed'; reason: string; cause?: unknown }
    | { type: 'socket.readsFlushed' }
    | { type: 'socket.dispatchTimeout' }
    | { type: 'socket.closeCompleted' }
  );

export type GatewayEvent = FromConnection &
  (
    | { type: 'gateway.hello'; heartbeatIntervalMs: number }
    | { type: 'gateway.ready'; session: SessionIdentity }
    | { type: 'gateway.resumed' }
    | { type: 'gateway.reconnect' }
    | { type: 'gateway.invalidSession'; resumable: boolean }
    | { type: 'gateway.heartbeatRequest' }
    | { type: 'gateway.heartbeatAck' }
  );

export type IdentifyEvent =
  | { type: 'identify.granted' }
  | { type: 'identify.refused'; reason: string; cause?: unknown };

export type SessionEvent =
  | { type: 'session.loaded'; session: SessionIdentity | null }
  | { type: 'session.unavailable'; reason: string; cause?: unknown };

export type ShardEvent = ShardCommand | SocketEvent | GatewayEvent | IdentifyEvent | SessionEvent;

/** What the machine tells the socket to do. */
export type SocketCommand =
  | { type: 'heartbeat'; scheduled: boolean }
  | { type: 'identify' }
  | { type: 'resume' }
  | { type: 'flushReads' };

/** Who ended a connection. */
export type Initiator = 'gateway' | 'shard' | 'transport';

/** Survivable troubles the machine itself notices. */
export type LifecycleFault =
  | 'CONNECTION_FAILED'
  | 'CONNECT_TIMEOUT'
  | 'HELLO_TIMEOUT'
  | 'INVALID_HEARTBEAT_INTERVAL'
  | 'RESUME_TIMEOUT'
  | 'READY_TIMEOUT'
  | 'RATE_LIMITED'
  | 'RESUMES_EXHAUSTED'
  | 'DISPATCH_SILENCE'
  | 'DECODE_FAILED'
  | 'IDENTIFY_REFUSED'
  | 'SESSION_STORE_FAILED';

/** Refusals of Discord that no retry can cure. */
export type FatalCode =
  | 'AUTHENTICATION_FAILED'
  | 'INVALID_SHARD'
  | 'SHARDING_REQUIRED'
  | 'INVALID_API_VERSION'
  | 'INVALID_INTENTS'
  | 'DISALLOWED_INTENTS';

/** What the machine tells the world. */
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
  | { type: 'failed'; code: FatalCode; reason: string; closeCode: number };
