/**
 * The inside of a shard: wires the machine to the parts that hold its session, its sends and its listeners, and turns
 * what the machine says into events. `Shard` is the door to it.
 */
import type { GatewayGuildMembersChunkDispatchData, GatewayPresenceUpdateData, GatewayReadyDispatchData } from 'discord-api-types/v10';
import { KEEP_SESSION_CODE, shardState } from '../../machines/index.ts';
import type { ShardEmitted, ShardEvent, ShardState } from '../../machines/index.ts';
import type { ConnectionHost, Demand, Vitals } from '../actors/connection-host.ts';
import { Line } from '../actors/line.ts';
import { Pulse } from '../actors/pulse.ts';
import { SendQueue } from '../actors/send-queue.ts';
import { GatewayError } from '../protocol/errors.ts';
import type { GatewayErrorOptions } from '../protocol/errors.ts';
import { gatewayUrl } from '../protocol/gateway-url.ts';
import { rateLimitOf } from '../protocol/lifecycle-packets.ts';
import type { Dispatch } from '../protocol/packets.ts';
import { identifyPayload, resumePayload } from '../protocol/payloads.ts';
import type { ReceivedDispatch } from '../protocol/received-dispatch.ts';
import { SessionCell } from '../session/session-cell.ts';
import { SessionKeeper } from '../session/session-keeper.ts';
import { USER_AGENT } from '../version.ts';
import { Dispatcher } from './dispatcher.ts';
import { Emitter } from './emitter.ts';
import { attachInspector } from './inspected-shard.ts';
import { GuildMemberRequests } from './guild-member-requests.ts';
import { Settlers } from './settlers.ts';
import { createShardActor } from './shard-actor.ts';
import type { ShardActor } from './shard-actor.ts';
import type { ShardEvents } from './shard-events.ts';
import type { ResolvedOptions } from './shard-options.ts';

/** What can't be compressed grows a little: 5 bytes in 16 KiB for zlib. */
const COMPRESSION_OVERHEAD_BYTES = 128 * 1024;

export class ShardCore {
  readonly options: ResolvedOptions;
  readonly vitals: Vitals = { lastFrameAt: null, lastDispatchAt: null };
  readonly cell: SessionCell;
  readonly pulse: Pulse;
  readonly line = new Line();
  readonly queue: SendQueue;
  readonly keeper: SessionKeeper;
  readonly requests: GuildMemberRequests;
  readonly emitter = new Emitter<ShardEvents>((name, cause) => this.#listenerThrew(name, cause));
  readonly dispatcher: Dispatcher;
  /** Those who wait for the next READY or RESUMED. */
  readonly readiness = new Settlers('connect()');
  /** Those who wait for the close handshake. */
  readonly departure = new Settlers('disconnect()');
  /** The latest presence, for the next IDENTIFY. */
  presence: GatewayPresenceUpdateData | undefined;
  actor: ShardActor;
  #state: ShardState = 'disconnected';
  #hasSession: boolean;

  constructor(options: ResolvedOptions, send: ConstructorParameters<typeof GuildMemberRequests>[0]['send']) {
    const { clock, random } = options;
    this.options = options;
    this.presence = options.presence;
    this.pulse = new Pulse(clock);
    this.queue = new SendQueue(clock, (throttled) => this.emitter.emit('throttled', throttled));
    this.keeper = new SessionKeeper(options.sessionStore, (error) => this.fault(error));
    this.requests = new GuildMemberRequests({ clock, random, send });
    this.dispatcher = new Dispatcher({
      events: options.events,
      isHeard: () => this.emitter.has('dispatch'),
      emit: (dispatch) => this.emitter.emit('dispatch', dispatch),
      onPressure: () => this.#press(),
      onThrow: (name, cause) => this.#listenerThrew(name, cause),
    });
    this.cell = new SessionCell(options.shardId, options.shardCount);
    this.cell.adopt(options.session);
    this.#hasSession = this.cell.identity !== null;
    this.actor = this.#createActor();
    this.actor.start();
    attachInspector(options.inspect, this, (cause) => this.#observerThrew(cause));
  }

  get state(): ShardState {
    const { status, value } = this.actor.getSnapshot();
    return status === 'error' ? 'failed' : shardState(value);
  }

  send(event: ShardEvent): void {
    this.actor.send(event);
  }

  /** A machine that died of a bug of ours must not leave its shard unusable. */
  revive(): void {
    if (this.actor.getSnapshot().status !== 'error') return;
    this.actor = this.#createActor();
    this.actor.start();
  }

  saveSession(): void {
    const session = this.cell.sessionForStore(this.dispatcher.lowestWaitingOf(this.cell.id));
    if (session !== null) this.keeper.save(session);
  }

  discardSession(): void {
    this.cell.clear();
    this.keeper.clear(this.options.shardId);
  }

  /** Settles when the session is stored, or the store has had its time. */
  async storeSettled(): Promise<void> {
    const { clock, timing } = this.options;
    const { promise, resolve } = Promise.withResolvers<void>();
    const timer = clock.setTimeout(resolve, timing.closeTimeoutMs);
    await Promise.race([this.keeper.settled(), promise]);
    clock.clearTimeout(timer);
  }

  /** Settles all that waits for a connection that will not come. */
  stop(error: GatewayError): void {
    this.readiness.reject(error);
    this.queue.stop(error);
    this.requests.stop(error);
  }

  /** The user has had enough: nothing that waits will come, and the session is stored as it is, or given up. */
  leave({ session }: { readonly session: 'keep' | 'discard' }): void {
    this.stop(new GatewayError('STOPPED', 'the shard was stopped'));
    this.dispatcher.finish(null);
    this.saveSession();
    if (session === 'discard') this.discardSession();
  }

  fault(error: GatewayError): void {
    this.options.logger.warn(this.#line(`${error.code}: ${error.message}`));
    this.emitter.emit('fault', error);
  }

  #createActor(): ShardActor {
    const actor = createShardActor({
      options: this.options,
      line: this.line,
      host: this.#host(),
      keeper: this.keeper,
      onBudgetSpent: (retryAfterMs) =>
        this.fault(new GatewayError('IDENTIFY_BUDGET_SPENT', `no session starts left for ${Math.ceil(retryAfterMs / 1000)} s`)),
      onObserverThrew: (cause) => this.#observerThrew(cause),
    });
    actor.subscribe({ next: () => this.#follow(), error: (cause) => this.#machineDied(cause) });
    actor.on('*', (emitted) => {
      this.#follow();
      (this.#tell[emitted.type] as (emitted: ShardEmitted) => void)(emitted);
    });
    return actor;
  }

  #host(): ConnectionHost {
    const { options, cell } = this;
    return {
      clock: options.clock,
      compression: options.compression,
      url: options.url,
      maxMessageBytes: options.maxMessageBytes,
      maxDispatchSilenceMs: options.timing.maxDispatchSilenceMs,
      cell,
      pulse: this.pulse,
      vitals: this.vitals,
      open: (resumeUrl) => {
        const url = options.rewriteUrl(gatewayUrl(resumeUrl ?? options.url, options.version, options.compression));
        const agent = options.agent === undefined ? {} : { agent: options.agent };
        const maxPayload = options.maxMessageBytes + COMPRESSION_OVERHEAD_BYTES;
        return options.createSocket(url.href, { headers: { 'User-Agent': USER_AGENT }, maxPayload, ...agent });
      },
      identifyPayload: () =>
        identifyPayload(options.token, { ...options, compress: options.compression === 'payload', presence: this.presence }),
      resumePayload: () => {
        const session = cell.sessionAs(this.actor.getSnapshot().context.session);
        return session === null ? null : resumePayload(options.token, session.sessionId, session.sequence);
      },
      takePermit: () => this.line.takePermit(),
      demandFor: (t) => this.#demandFor(t),
      wasRead: (t) => this.dispatcher.wasRead(t),
      onPacket: (packet) => this.emitter.emit('raw', packet),
      onDispatch: (dispatch, sessionId, replayed) => this.#dispatch(dispatch, sessionId, replayed),
      onHeartbeat: (latency) => {
        this.emitter.emit('heartbeat', { latency });
        this.saveSession();
      },
      onLagged: (lateMs) => this.emitter.emit('lagged', { lateMs }),
    };
  }

  /** What is decoded for the shard itself, or for `raw` listeners, is decoded for all. */
  #demandFor(t: string): Demand {
    if (this.emitter.has('raw')) return 'certain';
    if (this.#own.has(t) && (t !== 'GUILD_MEMBERS_CHUNK' || this.requests.isOpen)) return 'certain';
    return this.dispatcher.demandFor(t);
  }

  /** The end of the fast lane. */
  #dispatch(received: ReceivedDispatch, sessionId: string | null, replayed: number): void {
    const dispatch = received as Dispatch;
    this.#own.get(dispatch.t)?.(dispatch, replayed);
    this.dispatcher.deliver(dispatch, sessionId);
    this.cell.markHandedOut(sessionId);
    if (dispatch.t === 'READY' || dispatch.t === 'RESUMED') this.saveSession();
  }

  /** Dispatches the shard itself understands. */
  readonly #own: ReadonlyMap<string, (dispatch: Dispatch, replayed: number) => void> = new Map([
    ['READY', ({ d }) => this.emitter.emit('ready', d as GatewayReadyDispatchData)],
    ['RESUMED', (_, replayed) => this.emitter.emit('resumed', { replayed })],
    ['GUILD_MEMBERS_CHUNK', (dispatch) => {
      if (this.requests.isOpen) this.requests.chunk(dispatch.d as GatewayGuildMembersChunkDispatchData);
    }],
    ['RATE_LIMITED', ({ d }) => {
      const limited = rateLimitOf(d);
      this.emitter.emit('rateLimited', limited);
      this.requests.rateLimited(limited);
    }],
  ]);

  /** What the machine says, as events. */
  readonly #tell: { [Type in ShardEmitted['type']]: (emitted: Extract<ShardEmitted, { type: Type }>) => void } = {
    connected: () => this.emitter.emit('connected'),
    hello: ({ heartbeatIntervalMs }) => this.emitter.emit('hello', { heartbeatInterval: heartbeatIntervalMs }),
    reconnected: ({ resumed }) => this.emitter.emit('reconnected', { resumed }),
    disconnected: ({ code, reason, initiator, willReconnect, willResume }) =>
      this.emitter.emit('disconnected', { code, reason, initiator, willReconnect, willResume }),
    fault: ({ code, reason, closeCode, cause }) => this.fault(new GatewayError(code, reason, { ...closing(closeCode), ...because(cause) })),
    failed: ({ code, reason, closeCode }) => {
      this.#fail(new GatewayError(code, `the gateway closed the connection with ${closeCode}: ${reason}`, closing(closeCode)));
    },
  };

  /** Holds back a shard that is ready and no other: HELLO, the replay and RESUMED have to be read, or it never would be. */
  #press(): void {
    if (this.#state === 'ready' && this.dispatcher.isFull) this.line.connection?.pause();
    else this.line.connection?.resume();
  }

  /** Acts on a change of the flat state, once. */
  #follow(): void {
    const hasSession = this.actor.getSnapshot().context.session !== null;
    if (this.#hasSession && !hasSession) this.discardSession();
    this.#hasSession = hasSession;
    const from = this.#state;
    const to = this.state;
    if (from === to) return;
    this.#state = to;
    this.#leave[from]?.();
    this.options.logger.info(this.#line(`${from} → ${to}`));
    this.emitter.emit('stateChange', { from, to });
    this.#enter[to]?.();
  }

  readonly #leave: Partial<Record<ShardState, () => void>> = {
    ready: () => {
      this.queue.close();
      this.requests.connectionLost();
      this.saveSession();
    },
    disconnecting: () => this.departure.resolve(),
  };

  readonly #enter: Partial<Record<ShardState, () => void>> = {
    ready: () => {
      this.#press();
      this.readiness.resolve();
      if (this.line.connection !== null) this.queue.open(this.line.connection);
    },
    disconnected: () => {
      // A forced close that came while the socket was only being made.
      this.line.connection?.abort(this.actor.getSnapshot().context.loss?.closeWith ?? KEEP_SESSION_CODE);
      // Whoever asked for the stop has said why already.
      if (!this.queue.isStopped) this.stop(new GatewayError('CONNECTION_LOST', 'the connection was lost, and shouldReconnect is false'));
      this.dispatcher.finish(null);
    },
  };

  #fail(error: GatewayError): void {
    this.stop(error);
    this.dispatcher.finish(error);
    this.options.logger.error(this.#line(`${error.code}: ${error.message}`));
    this.emitter.emit('failed', error);
  }

  #machineDied(cause: unknown): void {
    // The children of a machine in error are not stopped.
    this.line.connection?.terminate();
    this.#follow();
    this.departure.resolve();
    this.#fail(new GatewayError('INTERNAL_ERROR', 'the state machine stopped', { cause }));
  }

  #observerThrew(cause: unknown): void {
    this.fault(new GatewayError('OBSERVER_THREW', 'the inspect observer threw', { cause }));
  }

  #listenerThrew(name: string, cause: unknown): void {
    // It read the data of a dispatch that has none; the connection ended with that as its fault.
    if (cause instanceof GatewayError && cause.code === 'DECODE_FAILED') return;
    const error = new GatewayError('LISTENER_THREW', `a listener of "${name}" threw`, { cause });
    // A fault listener that throws would be told of itself for ever.
    if (name === 'fault') this.options.logger.error(this.#line(error.message));
    else this.fault(error);
  }

  #line(text: string): string {
    return `shard ${this.options.shardId}: ${text}`;
  }
}

const closing = (closeCode: number | null): GatewayErrorOptions => (closeCode === null ? {} : { closeCode });
const because = (cause: unknown): GatewayErrorOptions => (cause === undefined ? {} : { cause });
