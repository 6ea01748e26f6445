/**
 * A shard as its connections and its dispatcher see it: what they ask of it, and where what comes off the wire goes. One
 * for the life of a shard, over all connections.
 */
import type {
  GatewayGuildMembersChunkDispatchData,
  GatewayPresenceUpdateData,
  GatewayReadyDispatchData,
} from 'discord-api-types/v10';
import type { ConnectionDelegate, DecodeHint, ActivityTimes } from '../connection/connection-delegate.ts';
import type { IdentifyPermit } from '../identify/identify-gate.ts';
import type { ConnectionSlot } from '../connection/connection-slot.ts';
import type { HeartbeatTracker } from '../connection/heartbeat-tracker.ts';
import type { WebSocketLike } from '../connection/web-socket.ts';
import type { Clock } from '../clock.ts';
import { gatewayUrl } from '../protocol/gateway-url.ts';
import type { Compression } from '../protocol/gateway-url.ts';
import { rateLimitOf } from '../protocol/lifecycle-packets.ts';
import type { Dispatch, Packet } from '../protocol/packets.ts';
import { identifyPayload, resumePayload } from '../protocol/payloads.ts';
import type { LazyDispatch } from '../decoding/lazy-dispatch.ts';
import type { CurrentSession } from '../session/current-session.ts';
import { USER_AGENT } from '../version.ts';
import type { Dispatcher, DispatcherCallbacks } from './dispatcher.ts';
import type { GuildMemberRequests } from './guild-member-requests.ts';
import type { ShardActor } from './shard-actor.ts';
import type { ShardEmitter } from './shard-emitter.ts';
import type { ResolvedOptions } from './shard-options.ts';

/** What can't be compressed grows a little: 5 bytes in 16 KiB for zlib. */
const COMPRESSION_OVERHEAD_BYTES = 128 * 1024;

/** What of a shard the host is made of. */
interface DelegateDependencies {
  readonly options: ResolvedOptions;
  readonly session: CurrentSession;
  readonly heartbeatTracker: HeartbeatTracker;
  readonly activityTimes: ActivityTimes;
  readonly connectionSlot: ConnectionSlot;
  readonly emitter: ShardEmitter;
  readonly dispatcher: Dispatcher;
  readonly requests: GuildMemberRequests | null;
  readonly presence: GatewayPresenceUpdateData | undefined;
  readonly actor: ShardActor;
  saveSession(): void;
  updateBackPressure(): void;
  reportListenerError(name: string, cause: unknown): void;
}

/** Dispatches the shard itself understands. */
const SHARD_HANDLED: ReadonlyMap<string, (shard: DelegateDependencies, dispatch: Dispatch, replayed: number) => void> =
  new Map([
    ['READY', ({ emitter }, { d }) => emitter.emit('ready', d as GatewayReadyDispatchData)],
    ['RESUMED', ({ emitter }, _, replayed) => emitter.emit('resumed', { replayed })],
    [
      'GUILD_MEMBERS_CHUNK',
      ({ requests }, { d }) => {
        if (requests?.hasPending === true) requests.onChunk(d as GatewayGuildMembersChunkDispatchData);
      },
    ],
    [
      'RATE_LIMITED',
      ({ emitter, requests }, { d }) => {
        const limited = rateLimitOf(d);
        emitter.emit('rateLimited', limited);
        requests?.onRateLimited(limited);
      },
    ],
  ]);

export class ShardConnectionDelegate implements ConnectionDelegate, DispatcherCallbacks {
  readonly clock: Clock;
  readonly compression: Compression;
  readonly url: string;
  readonly maxMessageBytes: number;
  readonly maxDispatchSilenceMs: number | null;
  readonly events: ReadonlySet<string> | null;
  readonly session: CurrentSession;
  readonly heartbeatTracker: HeartbeatTracker;
  readonly activityTimes: ActivityTimes;
  readonly #shard: DelegateDependencies;

  constructor(shard: DelegateDependencies) {
    const { options, session, heartbeatTracker, activityTimes } = shard;
    this.clock = options.clock;
    this.compression = options.compression;
    this.url = options.url;
    this.maxMessageBytes = options.maxMessageBytes;
    this.maxDispatchSilenceMs = options.timing.maxDispatchSilenceMs;
    this.events = options.events;
    this.session = session;
    this.heartbeatTracker = heartbeatTracker;
    this.activityTimes = activityTimes;
    this.#shard = shard;
  }

  open(resumeUrl: string | null): WebSocketLike {
    const { options } = this.#shard;
    const url = options.rewriteUrl(gatewayUrl(resumeUrl ?? options.url, options.version, options.compression));
    const agent = options.agent === undefined ? {} : { agent: options.agent };
    const maxPayload = options.maxMessageBytes + COMPRESSION_OVERHEAD_BYTES;
    return options.createSocket(url.href, { headers: { 'User-Agent': USER_AGENT }, maxPayload, ...agent });
  }

  identifyPayload(): string {
    const { options, presence } = this.#shard;
    return identifyPayload(options.token, { ...options, compress: options.compression === 'payload', presence });
  }

  resumePayload(): string | null {
    const { actor, options } = this.#shard;
    const session = this.session.sessionIf(actor.getSnapshot().context.session);
    return session === null ? null : resumePayload(options.token, session.sessionId, session.sequence);
  }

  consumePermit(): IdentifyPermit | null {
    return this.#shard.connectionSlot.consumePermit();
  }

  /** What is decoded for the shard itself, or for `raw` listeners, is decoded for all. */
  decodeHintFor(t: string): DecodeHint {
    const { emitter, requests, dispatcher } = this.#shard;
    if (emitter.has('raw')) return 'certain';
    if (SHARD_HANDLED.has(t) && (t !== 'GUILD_MEMBERS_CHUNK' || requests?.hasPending === true)) return 'certain';
    return dispatcher.decodeHintFor(t);
  }

  onDataRead(t: string): void {
    this.#shard.dispatcher.onDataRead(t);
  }

  onPacket(packet: Packet): void {
    this.#shard.emitter.emitWithoutTelemetry('raw', packet);
  }

  /** The end of the fast lane. */
  onDispatch(received: LazyDispatch, sessionId: string | null, replayed: number): void {
    const dispatch = received as Dispatch;
    SHARD_HANDLED.get(dispatch.t)?.(this.#shard, dispatch, replayed);
    this.#shard.dispatcher.deliver(dispatch, sessionId);
    this.session.markDelivered(sessionId);
    if (dispatch.t === 'READY' || dispatch.t === 'RESUMED') this.#shard.saveSession();
  }

  onHeartbeat(latency: number): void {
    this.#shard.emitter.emit('heartbeat', { latency });
    this.#shard.saveSession();
  }

  onLagged(lateMs: number): void {
    this.#shard.emitter.emit('lagged', { lateMs });
  }

  hasDispatchListeners(): boolean {
    return this.#shard.emitter.has('dispatch');
  }

  emit(dispatch: Dispatch): void {
    this.#shard.emitter.emitWithoutTelemetry('dispatch', dispatch);
  }

  onBackPressureChange(): void {
    this.#shard.updateBackPressure();
  }

  onThrow(name: string, cause: unknown): void {
    this.#shard.reportListenerError(name, cause);
  }
}
