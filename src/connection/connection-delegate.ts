/** The port between a connection and its shard. */
import type { Clock } from '../clock.ts';
import type { Compression } from '../protocol/gateway-url.ts';
import type { Packet } from '../protocol/packets.ts';
import type { LazyDispatch } from '../decoding/lazy-dispatch.ts';
import type { CurrentSession } from '../session/current-session.ts';
import type { IdentifyPermit } from '../identify/identify-gate.ts';
import type { HeartbeatTracker } from './heartbeat-tracker.ts';
import type { WebSocketLike } from './web-socket.ts';

/** When something last came, over all connections of a shard; `null` before the first. */
export interface ActivityTimes {
  lastFrameAt: number | null;
  lastDispatchAt: number | null;
}

/**
 * Whether somebody will read the data of a dispatch: nobody is given it; those who are read no other of its kind
 * lately; they did, but it is time to look again; it is as good as certain.
 */
export type DecodeHint = 'none' | 'unlikely' | 'likely' | 'certain';

/** What a connection needs of its shard. */
export interface ConnectionDelegate {
  readonly clock: Clock;
  readonly compression: Compression;
  readonly session: CurrentSession;
  readonly heartbeatTracker: HeartbeatTracker;
  readonly activityTimes: ActivityTimes;
  readonly maxMessageBytes: number;
  readonly maxDispatchSilenceMs: number | null;
  /** The main URL, for a session that names none of its own. */
  readonly url: string;
  /** Opens the socket; `resumeUrl` is `null` for the main host. May throw. */
  open(resumeUrl: string | null): WebSocketLike;
  identifyPayload(): string;
  resumePayload(): string | null;
  /** The permit that the identify gate gave, once. */
  consumePermit(): IdentifyPermit | null;
  /** What the data of a dispatch will be asked for. */
  decodeHintFor(t: string): DecodeHint;
  /** The data of a dispatch that was given out was asked for. */
  onDataRead(t: string): void;
  /** Before anything is done with it. */
  onPacket(packet: Packet): void;
  /** @param sessionId - of the session it came in, which a listener may have changed by now */
  onDispatch(dispatch: LazyDispatch, sessionId: string | null, replayed: number): void;
  onHeartbeat(latencyMs: number): void;
  onLagged(lateMs: number): void;
}
