/** The port between a connection and its shard. */
import type { Clock } from '../clock.ts';
import type { Compression } from '../protocol/gateway-url.ts';
import type { Packet } from '../protocol/packets.ts';
import type { SessionCell } from '../session/session-cell.ts';
import type { IdentifyPermit } from './identify-gate.ts';
import type { Pulse } from './pulse.ts';
import type { WebSocketLike } from './web-socket.ts';

/** When something last came, over all connections of a shard; `null` before the first. */
export interface Vitals {
  lastFrameAt: number | null;
  lastDispatchAt: number | null;
}

/** What a connection needs of its shard. */
export interface ConnectionHost {
  readonly clock: Clock;
  readonly compression: Compression;
  readonly cell: SessionCell;
  readonly pulse: Pulse;
  readonly vitals: Vitals;
  readonly maxDispatchSilenceMs: number | null;
  /** The main URL, for a session that names none of its own. */
  readonly url: string;
  /** Opens the socket; `resumeUrl` is `null` for the main host. May throw. */
  open(resumeUrl: string | null): WebSocketLike;
  identifyPayload(): string;
  resumePayload(): string | null;
  /** The permit that the identify gate gave, once. */
  takePermit(): IdentifyPermit | null;
  onPacket(packet: Packet): void;
  /** @param sessionId - of the session it came in, which a listener may have changed by now */
  onDispatch(packet: Packet, sessionId: string | null, replayed: number): void;
  onHeartbeat(latencyMs: number): void;
  onLagged(lateMs: number): void;
}
