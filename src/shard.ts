/**
 * The class people use: one shard, one connection to Discord's gateway. It decides nothing itself: calls become
 * events of the state machine, and what the machine and the gateway say become events and settled promises.
 */
import type { GatewayRequestGuildMembersData } from 'discord-api-types/v10';
import type { ShardEvent, ShardState } from '../machines/index.ts';
import { GatewayError, abortedError } from './protocol/errors.ts';
import { Opcodes } from './protocol/opcodes.ts';
import type { Dispatch, DispatchData, EventName, SendPayload } from './protocol/packets.ts';
import { serializePayload } from './protocol/payloads.ts';
import { parseSession } from './session/session.ts';
import type { Session } from './session/session.ts';
import { forcedCloseRequest, resolveCloseRequest } from './shard/close-request.ts';
import type { DisconnectOptions } from './shard/close-request.ts';
import { CommandSender } from './shard/command-sender.ts';
import type { SendOptions } from './shard/command-sender.ts';
import { attachInspector } from './shard/inspected-shard-view.ts';
import { ShardRuntime } from './shard/shard-runtime.ts';
import type { DispatchStreamOptions } from './shard/pull-stream.ts';
import { GuildMemberRequests } from './shard/guild-member-requests.ts';
import type { GuildMembers, RequestOptions } from './shard/guild-member-requests.ts';
import { logRejection } from './shard/logger.ts';
import type { ShardActor } from './shard/shard-actor.ts';
import type { ShardEvents } from './shard/shard-events.ts';
import { resolveOptions } from './shard/shard-options.ts';
import type { ShardOptions } from './shard/shard-options.ts';

/** @see https://discord.com/developers/docs/events/gateway */
export class Shard extends CommandSender {
  readonly #runtime: ShardRuntime;

  /** @throws {@link GatewayError} `INVALID_OPTIONS` or `INVALID_SESSION`, saying what is wrong. */
  constructor(options: ShardOptions) {
    super();
    this.#runtime = new ShardRuntime(resolveOptions(options));
    attachInspector(this.#runtime);
  }

  /**
   * Connects: resumes the session at hand or in the store, else identifies. Settles at the first READY or RESUMED;
   * calls join each other, and one during `disconnecting` follows it.
   *
   * Rejects with the code of {@link GatewayError} that made the shard fail, `STOPPED` when it is disconnected
   * meanwhile, `CONNECTION_LOST` when the connection is lost and `shouldReconnect` is false, or `ABORTED`. The signal
   * of the last one waiting also ends the attempt.
   */
  connect({ signal }: { signal?: AbortSignal } = {}): Promise<void> {
    return this.#swallowUnhandled(this.#startAndWaitReady({ type: 'shard.connect' }, signal));
  }

  /**
   * Disconnects and stays so. Settles once the socket is closed, within `closeTimeoutMs`; never rejects but with
   * `ABORTED` (the socket is torn down then) or `INVALID_OPTIONS`. Whatever waits on the shard rejects with `STOPPED`.
   * @see https://discord.com/developers/docs/events/gateway#initiating-a-disconnect
   */
  disconnect(options: DisconnectOptions = {}): Promise<void> {
    return this.#swallowUnhandled(this.#disconnect(options));
  }

  async #disconnect({ signal, ...options }: DisconnectOptions): Promise<void> {
    const closeRequest = resolveCloseRequest(options);
    this.#runtime.prepareStop(closeRequest);
    this.#runtime.send({ type: 'shard.disconnect', ...closeRequest });
    if (this.state === 'disconnecting') {
      await this.#runtime.closedWaiters.wait(signal, () => this.forceClose(closeRequest.code));
    }
    await this.#runtime.flushStore();
  }

  /**
   * Ends everything in this turn, without waiting for anybody: safe in a signal handler. The session is kept unless
   * the code is 1000 or 1001. Never throws.
   * @param code - default 4000
   */
  forceClose(code?: number): void {
    const closeRequest = forcedCloseRequest(code);
    this.#runtime.prepareStop(closeRequest);
    // Before the machine tells of it: a listener may connect again within this call.
    this.#runtime.connectionSlot.connection?.abort(closeRequest.code);
    this.#runtime.send({ type: 'shard.forceClose', ...closeRequest });
  }

  /** Closes the connection, keeps the session, and resumes it on a new one. Settles and rejects as `connect()` does. */
  reconnect(): Promise<void> {
    const isInactive = ['disconnected', 'disconnecting', 'failed'].includes(this.state);
    return this.#swallowUnhandled(this.#startAndWaitReady({ type: isInactive ? 'shard.connect' : 'shard.reconnect' }));
  }

  /**
   * Drops the session and identifies anew on the original URL. Events in between are lost; use {@link reconnect} to
   * keep them.
   * @param options - with `noFail` a failure is only told by events, and the promise settles
   */
  reinstantiate({ noFail = false }: { noFail?: boolean } = {}): Promise<void> {
    const ready = this.#swallowUnhandled(this.#startAndWaitReady({ type: 'shard.reinstantiate' }));
    return noFail ? ready.catch(() => undefined) : ready;
  }

  /**
   * Connects with a session from elsewhere. One that was started with another shard count can't be resumed: the shard
   * identifies instead. Settles and rejects as `connect()` does, and with `INVALID_SESSION`.
   */
  resume(session: Session): Promise<void> {
    return this.#swallowUnhandled(this.#resume(session));
  }

  async #resume(session: Session): Promise<void> {
    const identity = this.#runtime.session.restore(parseSession(session));
    await this.#startAndWaitReady(
      identity === null ? { type: 'shard.reinstantiate' } : { type: 'shard.resume', session: identity },
    );
  }

  /** Beats now. Settles with the round trip in ms; rejects with `NOT_CONNECTED` before HELLO, or `CONNECTION_LOST`. */
  heartbeat(): Promise<number> {
    const { connection } = this.#runtime.connectionSlot;
    if (this.heartbeatInterval === null || connection === null) {
      return this.#swallowUnhandled(
        Promise.reject(new GatewayError('NOT_CONNECTED', 'there is no connection to beat on')),
      );
    }
    return this.#swallowUnhandled(connection.heartbeat());
  }

  /**
   * Sends a payload when the shard is ready and Discord's limits allow, first-in first-out. It is captured now:
   * changing it later changes nothing. Settles when it is handed to the socket. Rejects with `INVALID_PAYLOAD`,
   * `OPCODE_NOT_ALLOWED`, `PAYLOAD_TOO_LARGE`, `ABORTED`, `STOPPED`, or the error the shard failed with.
   * @see https://discord.com/developers/docs/events/gateway#sending-events
   */
  send(payload: SendPayload, options: SendOptions = {}): Promise<void> {
    return this.#swallowUnhandled(this.#send(payload, options));
  }

  async #send(payload: SendPayload, { signal, ignoreRateLimit = false }: SendOptions): Promise<void> {
    const text = serializePayload(payload);
    const isPresence = payload.op === Opcodes.PresenceUpdate;
    if (isPresence && !this.#runtime.queue.isStopped) this.#runtime.presence = structuredClone(payload.d);
    const kind = isPresence ? 'presence' : ignoreRateLimit ? 'priority' : 'command';
    await this.#runtime.queue.send(kind, text, signal);
  }

  /**
   * Asks for members and joins the chunks. The timeout restarts with each chunk; when Discord says RATE_LIMITED the
   * request is sent again after its wait, a few times. See {@link RequestOptions} and `docs/errors.md`.
   * @see https://discord.com/developers/docs/events/gateway-events#request-guild-members
   */
  requestGuildMembers(request: GatewayRequestGuildMembersData, options?: RequestOptions): Promise<GuildMembers> {
    const { clock, random } = this.#runtime.options;
    this.#runtime.dispatcher.requests ??= new GuildMemberRequests({
      clock,
      random,
      send: (d, signal) => this.send({ op: Opcodes.RequestGuildMembers, d }, { signal }),
    });
    return this.#swallowUnhandled(this.#runtime.dispatcher.requests.request(request, options));
  }

  /**
   * Dispatches from now on, over reconnections. A consumer that falls behind by `highWaterMark` stops the socket from
   * being read. Ends with `disconnect()`; throws what the shard failed with, or `ABORTED`.
   */
  dispatches(options?: DispatchStreamOptions): AsyncIterableIterator<Dispatch, undefined> & AsyncDisposable {
    return this.#runtime.dispatcher.stream(options);
  }

  /** Listens to one event of Discord. Gives back the unsubscriber. */
  onDispatch<T extends EventName>(
    type: T,
    listener: (data: DispatchData<T>, dispatch: Dispatch<T>) => unknown,
  ): () => void;
  /** For events the types do not know yet. */
  onDispatch(type: string, listener: (data: unknown, dispatch: Dispatch) => unknown): () => void;
  onDispatch(type: string, listener: (data: never, dispatch: never) => unknown): () => void {
    return this.#runtime.dispatcher.on(type, listener);
  }

  on<Name extends keyof ShardEvents>(name: Name, listener: (...args: ShardEvents[Name]) => unknown): this {
    this.#runtime.emitter.on(name, listener);
    return this;
  }

  once<Name extends keyof ShardEvents>(name: Name, listener: (...args: ShardEvents[Name]) => unknown): this {
    this.#runtime.emitter.once(name, listener);
    return this;
  }

  off<Name extends keyof ShardEvents>(name: Name, listener: (...args: ShardEvents[Name]) => unknown): this {
    this.#runtime.emitter.off(name, listener);
    return this;
  }

  /** `disconnect()`, with the session kept. */
  async [Symbol.asyncDispose](): Promise<void> {
    await this.disconnect();
  }

  get state(): ShardState {
    return this.#runtime.state;
  }

  get shardId(): number {
    return this.#runtime.options.shardId;
  }

  get shardCount(): number {
    return this.#runtime.options.shardCount;
  }

  get intents(): number {
    return this.#runtime.options.intents;
  }

  get largeThreshold(): number | undefined {
    return this.#runtime.options.largeThreshold;
  }

  get shouldReconnect(): boolean {
    return this.#runtime.options.shouldReconnect;
  }

  /** The main URL, as given. */
  get url(): string {
    return this.#runtime.options.url;
  }

  get version(): number {
    return this.#runtime.options.version;
  }

  /** The session as it is now, to be stored or given to another process; `null` when there is none. */
  get session(): Session | null {
    return this.#runtime.session.session;
  }

  /** The last sequence received. */
  get lastSequence(): number | null {
    return this.#runtime.session.sequence;
  }

  /** In ms; `null` without a connection. */
  get heartbeatInterval(): number | null {
    return this.#runtime.actor.getSnapshot().context.heartbeatIntervalMs;
  }

  /** Whether the last beat of this connection was answered; `null` before the first. */
  get heartbeatAcknowledged(): boolean | null {
    return this.#runtime.heartbeatTracker.acknowledged;
  }

  /** The last round trip in ms. */
  get ping(): number | null {
    return this.#runtime.heartbeatTracker.ping;
  }

  /** When something last came, in ms of the clock. */
  get health(): { lastFrameAt: number | null; lastAckAt: number | null; lastDispatchAt: number | null } {
    return { ...this.#runtime.activityTimes, lastAckAt: this.#runtime.heartbeatTracker.lastAckAt };
  }

  /** Frames that wait to be sent. */
  get pendingSends(): number {
    return this.#runtime.queue.pending;
  }

  /** The running XState actor, for `waitFor` and inspection. */
  get actor(): ShardActor {
    return this.#runtime.actor;
  }

  #swallowUnhandled<T>(promise: Promise<T>): Promise<T> {
    return logRejection(promise, this.#runtime.options.logger);
  }

  /** Waits for the next READY or RESUMED that follows from `event`. */
  #startAndWaitReady(event: ShardEvent, signal?: AbortSignal): Promise<void> {
    if (signal?.aborted === true) return Promise.reject(abortedError('connect()', signal));
    if (event.type === 'shard.connect' && this.state === 'ready') return Promise.resolve();
    this.#runtime.restartIfCrashed();
    const { readyWaiters, queue } = this.#runtime;
    const ready = readyWaiters.wait(signal, () => {
      if (readyWaiters.size === 0 && this.state !== 'ready') void this.disconnect();
    });
    queue.start();
    this.#runtime.send(event);
    return ready;
  }
}
