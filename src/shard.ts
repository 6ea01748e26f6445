/**
 * The class people use. It turns calls into events of the machine, and documents them; the work is done by the files in
 * `shard/`.
 */
import type { GatewayRequestGuildMembersData } from 'discord-api-types/v10';
import type { ShardEvent, ShardState } from '../machines/index.ts';
import { GatewayError } from './protocol/errors.ts';
import type { AnyEventName, Dispatch, DispatchData, EventName, SendPayload } from './protocol/packets.ts';
import { callOptionsError } from './protocol/call-options.ts';
import type { BotApplication, BotUser, Session } from './session/session.ts';
import type { DisconnectOptions } from './shard/close-request.ts';
import { CommandSender } from './shard/command-sender.ts';
import type { SendOptions } from './shard/command-sender.ts';
import { attachInspector } from './shard/inspected-shard-view.ts';
import { setShardControl } from './shard/shard-control.ts';
import { ShardRuntime } from './shard/shard-runtime.ts';
import type { DispatchStreamOptions } from './shard/pull-stream.ts';
import type { DispatchHandlerOptions, UntypedHandlerOptions } from './shard/handler-options.ts';
import type { GuildMembers, RequestOptions } from './shard/guild-member-requests.ts';
import { sendPayload } from './shard/send-payload.ts';
import { requestMembers } from './shard/request-members.ts';
import { logRejection } from './shard/logger.ts';
import type { ShardActor } from './shard/shard-actor.ts';
import type { ShardEvents } from './shard/shard-events.ts';
import { disconnect, forceClose, resume, startAndWaitReady } from './shard/shard-lifecycle.ts';
import type { ConnectOptions } from './shard/shard-lifecycle.ts';
import { resolveOptions } from './shard/shard-options.ts';
import type { ShardOptions } from './shard/shard-options.ts';

/**
 * One shard: a connection to Discord's gateway that identifies, heartbeats, reconnects and resumes. No promise that it
 * returns ends the process when you ignore its rejection; the rejection is logged at level `debug`.
 * @see https://discord.com/developers/docs/events/gateway
 */
export class Shard extends CommandSender {
  readonly #runtime: ShardRuntime;

  /** @throws {@link GatewayError} `INVALID_OPTIONS` or `INVALID_SESSION`, naming the option. */
  constructor(options: ShardOptions) {
    super();
    this.#runtime = new ShardRuntime(resolveOptions(options));
    setShardControl(this, this.#runtime);
    attachInspector(this.#runtime);
  }

  /**
   * Connects: resumes the current session or the one in the session store, else identifies. Resolves at the first READY
   * or RESUMED. A second call joins the first; a call during `disconnecting` connects afterwards.
   *
   * Rejects with `STOPPED` when the shard is disconnected meanwhile, `CONNECTION_LOST` when the connection is lost and
   * `shouldReconnect` is false, or the error with which the shard failed: when the socket is closed and the session
   * stored, within twice `closeTimeoutMs`. Rejects with `ABORTED` at once. If every caller aborts, the attempt is
   * cancelled.
   */
  connect(options?: ConnectOptions): Promise<void> {
    return this.#start({ type: 'shard.connect' }, options);
  }

  /**
   * Disconnects without reconnecting. Resolves when the socket is closed, within `closeTimeoutMs`. Rejects only with
   * `ABORTED` or `INVALID_OPTIONS`. Pending sends, requests and `connect()` reject with `STOPPED`.
   * @see https://discord.com/developers/docs/events/gateway#initiating-a-disconnect
   */
  disconnect(options: DisconnectOptions = {}): Promise<void> {
    return this.#logRejection(disconnect(this.#runtime, options));
  }

  /**
   * Closes the connection synchronously, without waiting for the close handshake. Safe in a signal handler; never
   * throws.
   * @param code - 1000 and 1001 end the session, every other code keeps it; the default is 4000
   */
  forceClose(code?: number): void {
    forceClose(this.#runtime, code);
  }

  /** Closes the connection, keeps the session, and resumes it on a new one. Settles as {@link connect} does. */
  reconnect(): Promise<void> {
    const isInactive = ['disconnected', 'disconnecting', 'failed'].includes(this.state);
    return this.#start({ type: isInactive ? 'shard.connect' : 'shard.reconnect' });
  }

  /**
   * Discards the session and identifies on the original URL. The events in between are lost; {@link reconnect} keeps
   * them. Settles as {@link connect} does.
   * @param options - with `noFail: true` the promise also resolves when the shard fails, which events still report
   */
  reinstantiate(options?: { noFail?: boolean }): Promise<void> {
    const invalid = callOptionsError('reinstantiate()', options);
    if (invalid !== null) return this.#logRejection(Promise.reject(invalid));
    const ready = this.#start({ type: 'shard.reinstantiate' });
    return options?.noFail === true ? ready.catch(() => undefined) : ready;
  }

  /**
   * Connects with a session from elsewhere. If it belongs to another shard or shard count, the shard identifies
   * instead. Settles as {@link connect} does, and rejects with `INVALID_SESSION`.
   */
  resume(session: Session): Promise<void> {
    return this.#logRejection(resume(this.#runtime, session));
  }

  /**
   * Sends a heartbeat now. Resolves with the round trip in ms. Rejects with `NOT_CONNECTED` before HELLO, or
   * `CONNECTION_LOST`.
   */
  heartbeat(): Promise<number> {
    const { connection } = this.#runtime.connectionSlot;
    const isConnected = this.heartbeatInterval !== null && connection !== null;
    return this.#logRejection(
      isConnected
        ? connection.heartbeat()
        : Promise.reject(new GatewayError('NOT_CONNECTED', 'there is no connection to send a heartbeat on')),
    );
  }

  /**
   * Sends a payload when the shard is ready and Discord's rate limits allow it, first in, first out. The payload is
   * copied at once: you can change it afterwards. Resolves when the socket has accepted it.
   *
   * Rejects with `INVALID_PAYLOAD`, `OPCODE_NOT_ALLOWED`, `PAYLOAD_TOO_LARGE`, `ABORTED`, `STOPPED`, or the error with
   * which the shard failed.
   * @see https://discord.com/developers/docs/events/gateway#sending-events
   */
  send(payload: SendPayload, options: SendOptions = {}): Promise<void> {
    return this.#logRejection(sendPayload(this.#runtime, payload, options));
  }

  /**
   * Requests members of a guild. Resolves with the members of all chunks. When Discord answers with RATE_LIMITED, the
   * request is repeated after the wait that Discord names, three times at most.
   *
   * Rejects with `INVALID_PAYLOAD` (a field is wrong, or the nonce is in use), `INVALID_OPTIONS`, `REQUEST_TIMED_OUT`,
   * `REQUEST_RATE_LIMITED`, `CONNECTION_LOST`, `STOPPED` or `ABORTED`.
   * @see https://discord.com/developers/docs/events/gateway-events#request-guild-members
   */
  requestGuildMembers(request: GatewayRequestGuildMembersData, options?: RequestOptions): Promise<GuildMembers> {
    return this.#logRejection(requestMembers(this.#runtime, this, request, options));
  }

  /**
   * Returns dispatches from now on, over all reconnections. If the consumer falls behind by `highWaterMark`, the socket
   * is paused. The iteration ends with `disconnect()`. It throws `ABORTED`, or the error with which the shard failed.
   *
   * @throws {@link GatewayError} `INVALID_OPTIONS`
   */
  dispatches<const T extends AnyEventName = AnyEventName>(
    options?: DispatchStreamOptions<T>,
  ): AsyncIterableIterator<Dispatch<T>, undefined> & AsyncDisposable;
  dispatches(options?: DispatchStreamOptions): AsyncIterableIterator<Dispatch, undefined> & AsyncDisposable {
    return this.#runtime.dispatcher.stream(options);
  }

  /**
   * Adds a listener for one of Discord's events. Returns the function that removes it. With the option `concurrency` the
   * listener is a handler that takes time: it handles several dispatches at once, those of one guild in order. Removing
   * it drops the dispatches that wait for it.
   * @throws {@link GatewayError} `INVALID_OPTIONS`, also for a name that is not written as Discord's are
   * @see https://discord.com/developers/docs/events/gateway-events#receive-events
   */
  onDispatch<T extends EventName>(
    type: T,
    listener: (data: DispatchData<T>, dispatch: Dispatch<T>) => unknown,
    options?: DispatchHandlerOptions<T>,
  ): () => void;
  /** Adds a listener for an event that the types do not list yet. */
  onDispatch(
    type: string,
    listener: (data: unknown, dispatch: Dispatch) => unknown,
    options?: DispatchHandlerOptions,
  ): () => void;
  onDispatch(
    type: string,
    listener: (data: never, dispatch: never) => unknown,
    options?: UntypedHandlerOptions,
  ): () => void {
    return this.#runtime.dispatcher.on(type, listener, options);
  }

  /**
   * Adds a listener. What it throws, or its promise rejects with, becomes a `fault` with code `LISTENER_THREW`.
   * @throws {@link GatewayError} `INVALID_OPTIONS` for an event that does not exist
   */
  on<Name extends keyof ShardEvents>(name: Name, listener: (...args: ShardEvents[Name]) => unknown): this {
    this.#runtime.emitter.on(name, listener);
    return this;
  }

  /** Adds a listener that is removed when it is called. */
  once<Name extends keyof ShardEvents>(name: Name, listener: (...args: ShardEvents[Name]) => unknown): this {
    this.#runtime.emitter.once(name, listener);
    return this;
  }

  /** Removes a listener. If it was added several times, the latest is removed. */
  off<Name extends keyof ShardEvents>(name: Name, listener: (...args: ShardEvents[Name]) => unknown): this {
    this.#runtime.emitter.off(name, listener);
    return this;
  }

  /** Calls {@link disconnect}; the session is kept. */
  async [Symbol.asyncDispose](): Promise<void> {
    await this.disconnect();
  }

  get state(): ShardState {
    return this.#runtime.state;
  }

  /** Why the shard has failed; `null` in any other state than `failed`. */
  get failure(): GatewayError | null {
    return this.#runtime.failure;
  }

  get shardId(): number {
    return this.#runtime.options.shardId;
  }

  get shardCount(): number {
    return this.#runtime.options.shardCount;
  }

  /** The bit field of the intents. */
  get intents(): number {
    return this.#runtime.options.intents;
  }

  get largeThreshold(): number | undefined {
    return this.#runtime.options.largeThreshold;
  }

  get shouldReconnect(): boolean {
    return this.#runtime.options.shouldReconnect;
  }

  /** The main URL, as in the options. */
  get url(): string {
    return this.#runtime.options.url;
  }

  /** The API version. */
  get version(): number {
    return this.#runtime.options.version;
  }

  /** A copy of the current session, to store or to pass to another process; `null` when there is none. */
  get session(): Session | null {
    return this.#runtime.session.session;
  }

  /** The bot's user, as READY or USER_UPDATE sent it, also after a resume; `null` before the first READY. */
  get user(): BotUser | null {
    return this.#runtime.session.bot.user ?? null;
  }

  /** The bot's application, as READY sent it, also after a resume; `null` before the first READY. */
  get application(): BotApplication | null {
    return this.#runtime.session.bot.application ?? null;
  }

  /** The sequence of the last dispatch; `null` before the first. */
  get lastSequence(): number | null {
    return this.#runtime.session.sequence;
  }

  /** Heartbeat interval that the gateway asked for, in ms; `null` before HELLO. */
  get heartbeatInterval(): number | null {
    return this.#runtime.actor.getSnapshot().context.heartbeatIntervalMs;
  }

  /** Whether the last heartbeat of this connection was acknowledged; `null` before the first. */
  get heartbeatAcknowledged(): boolean | null {
    return this.#runtime.heartbeatTracker.acknowledged;
  }

  /** Round trip of the connection's last acknowledged heartbeat, in ms; `null` before its first ACK. */
  get ping(): number | null {
    return this.#runtime.heartbeatTracker.ping;
  }

  /** The times of the last frame, ACK and dispatch, in ms of the clock; `null` before the first. */
  get health(): { lastFrameAt: number | null; lastAckAt: number | null; lastDispatchAt: number | null } {
    const { activityTimes, heartbeatTracker } = this.#runtime;
    const { lastFrameAt, lastDispatchAt } = activityTimes;
    return { lastFrameAt, lastDispatchAt, lastAckAt: heartbeatTracker.lastAckAt };
  }

  /** Number of payloads in the send queue. */
  get pendingSends(): number {
    return this.#runtime.queue.pending;
  }

  /** The running XState actor, for `waitFor` and inspection. After `INTERNAL_ERROR`, `connect()` replaces it. */
  get actor(): ShardActor {
    return this.#runtime.actor;
  }

  #start(event: ShardEvent, options?: ConnectOptions): Promise<void> {
    return this.#logRejection(startAndWaitReady(this.#runtime, event, options));
  }

  #logRejection<T>(promise: Promise<T>): Promise<T> {
    return logRejection(promise, this.#runtime.options.logger);
  }
}
