/**
 * A shard as its connections and its dispatcher see it: what they ask of it, and where what comes off the wire goes. One
 * for the life of a shard, over all connections.
 */
import type { GatewayGuildMembersChunkDispatchData, GatewayPresenceUpdateData, GatewayReadyDispatchData } from 'discord-api-types/v10';
import type { ConnectionHost, Demand, Vitals } from '../actors/connection-host.ts';
import type { IdentifyPermit } from '../actors/identify-gate.ts';
import type { Line } from '../actors/line.ts';
import type { Pulse } from '../actors/pulse.ts';
import type { WebSocketLike } from '../actors/web-socket.ts';
import type { Clock } from '../clock.ts';
import { gatewayUrl } from '../protocol/gateway-url.ts';
import type { Compression } from '../protocol/gateway-url.ts';
import { rateLimitOf } from '../protocol/lifecycle-packets.ts';
import type { Dispatch, Packet } from '../protocol/packets.ts';
import { identifyPayload, resumePayload } from '../protocol/payloads.ts';
import type { ReceivedDispatch } from '../protocol/received-dispatch.ts';
import type { SessionCell } from '../session/session-cell.ts';
import { USER_AGENT } from '../version.ts';
import type { Dispatcher, DispatcherHost } from './dispatcher.ts';
import type { GuildMemberRequests } from './guild-member-requests.ts';
import type { ShardActor } from './shard-actor.ts';
import type { ShardEmitter } from './shard-emitter.ts';
import type { ResolvedOptions } from './shard-options.ts';

/** What can't be compressed grows a little: 5 bytes in 16 KiB for zlib. */
const COMPRESSION_OVERHEAD_BYTES = 128 * 1024;

/** What of a shard the host is made of. */
interface Hosted {
  readonly options: ResolvedOptions;
  readonly cell: SessionCell;
  readonly pulse: Pulse;
  readonly vitals: Vitals;
  readonly line: Line;
  readonly emitter: ShardEmitter;
  readonly dispatcher: Dispatcher;
  readonly requests: GuildMemberRequests | null;
  readonly presence: GatewayPresenceUpdateData | undefined;
  readonly actor: ShardActor;
  saveSession(): void;
  press(): void;
  listenerThrew(name: string, cause: unknown): void;
}

/** Dispatches the shard itself understands. */
const OWN: ReadonlyMap<string, (shard: Hosted, dispatch: Dispatch, replayed: number) => void> = new Map([
  ['READY', ({ emitter }, { d }) => emitter.emit('ready', d as GatewayReadyDispatchData)],
  ['RESUMED', ({ emitter }, _, replayed) => emitter.emit('resumed', { replayed })],
  ['GUILD_MEMBERS_CHUNK', ({ requests }, { d }) => {
    if (requests?.isOpen === true) requests.chunk(d as GatewayGuildMembersChunkDispatchData);
  }],
  ['RATE_LIMITED', ({ emitter, requests }, { d }) => {
    const limited = rateLimitOf(d);
    emitter.emit('rateLimited', limited);
    requests?.rateLimited(limited);
  }],
]);

export class ShardHost implements ConnectionHost, DispatcherHost {
  readonly clock: Clock;
  readonly compression: Compression;
  readonly url: string;
  readonly maxMessageBytes: number;
  readonly maxDispatchSilenceMs: number | null;
  readonly events: ReadonlySet<string> | null;
  readonly cell: SessionCell;
  readonly pulse: Pulse;
  readonly vitals: Vitals;
  readonly #core: Hosted;

  constructor(core: Hosted) {
    const { options, cell, pulse, vitals } = core;
    this.clock = options.clock;
    this.compression = options.compression;
    this.url = options.url;
    this.maxMessageBytes = options.maxMessageBytes;
    this.maxDispatchSilenceMs = options.timing.maxDispatchSilenceMs;
    this.events = options.events;
    this.cell = cell;
    this.pulse = pulse;
    this.vitals = vitals;
    this.#core = core;
  }

  open(resumeUrl: string | null): WebSocketLike {
    const { options } = this.#core;
    const url = options.rewriteUrl(gatewayUrl(resumeUrl ?? options.url, options.version, options.compression));
    const agent = options.agent === undefined ? {} : { agent: options.agent };
    const maxPayload = options.maxMessageBytes + COMPRESSION_OVERHEAD_BYTES;
    return options.createSocket(url.href, { headers: { 'User-Agent': USER_AGENT }, maxPayload, ...agent });
  }

  identifyPayload(): string {
    const { options, presence } = this.#core;
    return identifyPayload(options.token, { ...options, compress: options.compression === 'payload', presence });
  }

  resumePayload(): string | null {
    const { actor, options } = this.#core;
    const session = this.cell.sessionAs(actor.getSnapshot().context.session);
    return session === null ? null : resumePayload(options.token, session.sessionId, session.sequence);
  }

  takePermit(): IdentifyPermit | null {
    return this.#core.line.takePermit();
  }

  /** What is decoded for the shard itself, or for `raw` listeners, is decoded for all. */
  demandFor(t: string): Demand {
    const { emitter, requests, dispatcher } = this.#core;
    if (emitter.has('raw')) return 'certain';
    if (OWN.has(t) && (t !== 'GUILD_MEMBERS_CHUNK' || requests?.isOpen === true)) return 'certain';
    return dispatcher.demandFor(t);
  }

  wasRead(t: string): void {
    this.#core.dispatcher.wasRead(t);
  }

  onPacket(packet: Packet): void {
    this.#core.emitter.handOut('raw', packet);
  }

  /** The end of the fast lane. */
  onDispatch(received: ReceivedDispatch, sessionId: string | null, replayed: number): void {
    const dispatch = received as Dispatch;
    OWN.get(dispatch.t)?.(this.#core, dispatch, replayed);
    this.#core.dispatcher.deliver(dispatch, sessionId);
    this.cell.markHandedOut(sessionId);
    if (dispatch.t === 'READY' || dispatch.t === 'RESUMED') this.#core.saveSession();
  }

  onHeartbeat(latency: number): void {
    this.#core.emitter.emit('heartbeat', { latency });
    this.#core.saveSession();
  }

  onLagged(lateMs: number): void {
    this.#core.emitter.emit('lagged', { lateMs });
  }

  isHeard(): boolean {
    return this.#core.emitter.has('dispatch');
  }

  emit(dispatch: Dispatch): void {
    this.#core.emitter.handOut('dispatch', dispatch);
  }

  onPressure(): void {
    this.#core.press();
  }

  onThrow(name: string, cause: unknown): void {
    this.#core.listenerThrew(name, cause);
  }
}
