/** The inside of a shard as its connections see it. `ShardRuntime` implements it. */
import type { Clock } from '../clock.ts';
import type { DecodeHint } from '../decoding/decode-predictor.ts';
import type { LazyDispatch } from '../decoding/lazy-dispatch.ts';
import type { GatewayError } from '../protocol/errors.ts';
import type { Packet } from '../protocol/packets.ts';
import type { CurrentSession } from '../session/current-session.ts';
import type { IdentifyPermit } from '../identify/identify-gate.ts';
import type { ActivityTimes } from './activity-times.ts';
import type { DispatchProbe } from './dispatch-probe.ts';
import type { FrameTap } from './frame-tap.ts';
import type { HeartbeatTracker } from './heartbeat-tracker.ts';
import type { GuildKeeper } from '../session/snapshot/guild-keeper.ts';
import type { MessageWatch } from './message-watch.ts';
import type { SentFrames } from './sent-frames.ts';
import type { SocketSettings } from './web-socket.ts';

export interface ConnectionDelegate {
  readonly options: SocketSettings & {
    readonly clock: Clock;
    readonly timing: { readonly closeTimeoutMs: number; readonly maxDispatchSilenceMs: number | null };
  };
  readonly session: CurrentSession;
  /** Keeps the guilds for the next process; `null` without `warmStart`. */
  readonly guildKeeper: GuildKeeper | null;
  readonly heartbeatTracker: HeartbeatTracker;
  readonly listenerWatch: MessageWatch;
  readonly sentFrames: SentFrames;
  readonly frameTap: FrameTap;
  /** `null` without `maxDispatchSilenceMs`. */
  readonly dispatchProbe: DispatchProbe | null;
  readonly activityTimes: ActivityTimes;
  readonly decodePredictor: { onDataRead(t: string): void };
  readonly connectionSlot: { consumePermit(): IdentifyPermit | null };
  readonly emitter: {
    emit(name: 'heartbeat', heartbeat: { latency: number }): void;
    emit(name: 'lagged', lag: { lateMs: number }): void;
    emitRaw(packet: Packet): void;
  };
  readonly dispatcher: {
    decodeHintFor(t: string, count: number): DecodeHint;
    /** @param sessionId - of the session the dispatch came in; a listener may have changed the session since */
    deliver(dispatch: LazyDispatch, sessionId: string | null, replayed: number): void;
  };
  identifyPayload(): string;
  /** Returns `null` when the session of the machine has been replaced meanwhile. */
  resumePayload(): string | null;
  saveSession(): void;
  /** Reports a problem that the shard survives. */
  fault(error: GatewayError): void;
}
