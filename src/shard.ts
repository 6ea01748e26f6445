/**
 * The class people use: one shard, one connection to Discord's gateway. It decides nothing itself: calls become
 * events of the state machine, and what the machine and the gateway say become events and settled promises.
 */
import type { GatewayPresenceUpdateData, GatewayRequestGuildMembersData, GatewayVoiceStateUpdateData } from 'discord-api-types/v10';
import type { ShardEvent, ShardState } from '../machines/index.ts';
import { GatewayError, abortedError } from './protocol/errors.ts';
import { Opcodes } from './protocol/opcodes.ts';
import type { Dispatch, DispatchData, EventName, RequestChannelInfoData, SendPayload } from './protocol/packets.ts';
import { serializePayload } from './protocol/payloads.ts';
import { parseSession } from './session/session.ts';
import type { Session } from './session/session.ts';
import { forcedClosing, resolveClosing } from './shard/closing.ts';
import type { DisconnectOptions } from './shard/closing.ts';
import { ShardCore } from './shard/core.ts';
import type { DispatchStreamOptions } from './shard/pull-stream.ts';
import { GuildMemberRequests } from './shard/guild-member-requests.ts';
import type { GuildMembers, RequestOptions } from './shard/guild-member-requests.ts';
import type { ShardActor } from './shard/shard-actor.ts';
import type { ShardEvents } from './shard/shard-events.ts';
import { resolveOptions } from './shard/shard-options.ts';
import type { ShardOptions } from './shard/shard-options.ts';

export interface SendOptions {
  /** Takes the frame back while it waits; the promise rejects with `ABORTED`. */
  signal?: AbortSignal;
  /**
   * Overtakes the queue, and may use the room kept for beats the gateway asks for. Never past Discord's limit. Of no
   * effect on presences, which have a limit of their own, and of which the last one counts.
   */
  ignoreRateLimit?: boolean;
}

/** @see https://discord.com/developers/docs/events/gateway */
export class Shard {
  readonly #core: ShardCore;

  /** @throws {@link GatewayError} `INVALID_OPTIONS` or `INVALID_SESSION`, saying what is wrong. */
  constructor(options: ShardOptions) {
    this.#core = new ShardCore(resolveOptions(options));
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
    return this.#handOut(this.#begin({ type: 'shard.connect' }, signal));
  }

  /**
   * Disconnects and stays so. Settles once the socket is closed, within `closeTimeoutMs`; never rejects but with
   * `ABORTED` (the socket is torn down then) or `INVALID_OPTIONS`. Whatever waits on the shard rejects with `STOPPED`.
   * @see https://discord.com/developers/docs/events/gateway#initiating-a-disconnect
   */
  disconnect(options: DisconnectOptions = {}): Promise<void> {
    return this.#handOut(this.#disconnect(options));
  }

  async #disconnect({ signal, ...options }: DisconnectOptions): Promise<void> {
    const closing = resolveClosing(options);
    this.#core.leave(closing);
    this.#core.send({ type: 'shard.disconnect', ...closing });
    if (this.state === 'disconnecting') {
      await this.#core.departure.wait(signal, () => this.forceClose(closing.code));
    }
    await this.#core.storeSettled();
  }

  /**
   * Ends everything in this turn, without waiting for anybody: safe in a signal handler. The session is kept unless
   * the code is 1000 or 1001. Never throws.
   * @param code - default 4000
   */
  forceClose(code?: number): void {
    const closing = forcedClosing(code);
    this.#core.leave(closing);
    // Before the machine tells of it: a listener may connect again within this call.
    this.#core.line.connection?.abort(closing.code);
    this.#core.send({ type: 'shard.forceClose', ...closing });
  }

  /** Closes the connection, keeps the session, and resumes it on a new one. Settles and rejects as `connect()` does. */
  reconnect(): Promise<void> {
    const isAtRest = ['disconnected', 'disconnecting', 'failed'].includes(this.state);
    return this.#handOut(this.#begin({ type: isAtRest ? 'shard.connect' : 'shard.reconnect' }));
  }

  /**
   * Drops the session and identifies anew on the original URL. Events in between are lost; use {@link reconnect} to
   * keep them.
   * @param options - with `noFail` a failure is only told by events, and the promise settles
   */
  reinstantiate({ noFail = false }: { noFail?: boolean } = {}): Promise<void> {
    const ready = this.#handOut(this.#begin({ type: 'shard.reinstantiate' }));
    return noFail ? ready.catch(() => undefined) : ready;
  }

  /**
   * Connects with a session from elsewhere. One that was started with another shard count can't be resumed: the shard
   * identifies instead. Settles and rejects as `connect()` does, and with `INVALID_SESSION`.
   */
  resume(session: Session): Promise<void> {
    return this.#handOut(this.#resume(session));
  }

  async #resume(session: Session): Promise<void> {
    const identity = this.#core.cell.adopt(parseSession(session));
    await this.#begin(identity === null ? { type: 'shard.reinstantiate' } : { type: 'shard.resume', session: identity });
  }

  /** Beats now. Settles with the round trip in ms; rejects with `NOT_CONNECTED` before HELLO, or `CONNECTION_LOST`. */
  heartbeat(): Promise<number> {
    const { connection } = this.#core.line;
    if (this.heartbeatInterval === null || connection === null) {
      return this.#handOut(Promise.reject(new GatewayError('NOT_CONNECTED', 'there is no connection to beat on')));
    }
    return this.#handOut(connection.heartbeat());
  }

  /**
   * Sends a payload when the shard is ready and Discord's limits allow, first-in first-out. It is captured now:
   * changing it later changes nothing. Settles when it is handed to the socket. Rejects with `INVALID_PAYLOAD`,
   * `OPCODE_NOT_ALLOWED`, `PAYLOAD_TOO_LARGE`, `ABORTED`, `STOPPED`, or the error the shard failed with.
   * @see https://discord.com/developers/docs/events/gateway#sending-events
   */
  send(payload: SendPayload, options: SendOptions = {}): Promise<void> {
    return this.#handOut(this.#send(payload, options));
  }

  async #send(payload: SendPayload, { signal, ignoreRateLimit = false }: SendOptions): Promise<void> {
    const text = serializePayload(payload);
    const isPresence = payload.op === Opcodes.PresenceUpdate;
    if (isPresence && !this.#core.queue.isStopped) this.#core.presence = structuredClone(payload.d);
    const kind = isPresence ? 'presence' : ignoreRateLimit ? 'priority' : 'command';
    await this.#core.queue.send(kind, text, signal);
  }

  /**
   * Of several that wait only the last is sent; a later IDENTIFY carries it too.
   * @see https://discord.com/developers/docs/events/gateway-events#update-presence
   */
  updatePresence(presence: GatewayPresenceUpdateData): Promise<void> {
    return this.send({ op: Opcodes.PresenceUpdate, d: presence });
  }

  /** @see https://discord.com/developers/docs/events/gateway-events#update-voice-state */
  updateVoiceState(voice: GatewayVoiceStateUpdateData): Promise<void> {
    return this.send({ op: Opcodes.VoiceStateUpdate, d: voice });
  }

  /**
   * Asks for members and joins the chunks. The timeout restarts with each chunk; when Discord says RATE_LIMITED the
   * request is sent again after its wait, a few times. See {@link RequestOptions} and `docs/errors.md`.
   * @see https://discord.com/developers/docs/events/gateway-events#request-guild-members
   */
  requestGuildMembers(request: GatewayRequestGuildMembersData, options?: RequestOptions): Promise<GuildMembers> {
    const { clock, random } = this.#core.options;
    this.#core.requests ??= new GuildMemberRequests({
      clock,
      random,
      send: (d, signal) => this.send({ op: Opcodes.RequestGuildMembers, d }, { signal }),
    });
    return this.#handOut(this.#core.requests.request(request, options));
  }

  /** The answers come as SOUNDBOARD_SOUNDS. @see https://discord.com/developers/docs/events/gateway-events#request-soundboard-sounds */
  requestSoundboardSounds(guildIds: readonly string[]): Promise<void> {
    return this.send({ op: Opcodes.RequestSoundboardSounds, d: { guild_ids: guildIds } });
  }

  /** The answer comes as CHANNEL_INFO. @see https://discord.com/developers/docs/events/gateway-events#request-channel-info */
  requestChannelInfo(request: RequestChannelInfoData): Promise<void> {
    return this.send({ op: Opcodes.RequestChannelInfo, d: request });
  }

  /**
   * Dispatches from now on, over reconnections. A consumer that falls behind by `highWaterMark` stops the socket from
   * being read. Ends with `disconnect()`; throws what the shard failed with, or `ABORTED`.
   */
  dispatches(options?: DispatchStreamOptions): AsyncIterableIterator<Dispatch, undefined> & AsyncDisposable {
    return this.#core.dispatcher.stream(options);
  }

  /** Listens to one event of Discord. Gives back the unsubscriber. */
  onDispatch<T extends EventName>(type: T, listener: (data: DispatchData<T>, dispatch: Dispatch<T>) => unknown): () => void;
  /** For events the types do not know yet. */
  onDispatch(type: string, listener: (data: unknown, dispatch: Dispatch) => unknown): () => void;
  onDispatch(type: string, listener: (data: never, dispatch: never) => unknown): () => void {
    return this.#core.dispatcher.on(type, listener);
  }

  on<Name extends keyof ShardEvents>(name: Name, listener: (...args: ShardEvents[Name]) => unknown): this {
    this.#core.emitter.on(name, listener);
    return this;
  }

  once<Name extends keyof ShardEvents>(name: Name, listener: (...args: ShardEvents[Name]) => unknown): this {
    this.#core.emitter.once(name, listener);
    return this;
  }

  off<Name extends keyof ShardEvents>(name: Name, listener: (...args: ShardEvents[Name]) => unknown): this {
    this.#core.emitter.off(name, listener);
    return this;
  }

  /** `disconnect()`, with the session kept. */
  async [Symbol.asyncDispose](): Promise<void> {
    await this.disconnect();
  }

  get state(): ShardState {
    return this.#core.state;
  }

  get shardId(): number {
    return this.#core.options.shardId;
  }

  get shardCount(): number {
    return this.#core.options.shardCount;
  }

  get intents(): number {
    return this.#core.options.intents;
  }

  get largeThreshold(): number | undefined {
    return this.#core.options.largeThreshold;
  }

  get shouldReconnect(): boolean {
    return this.#core.options.shouldReconnect;
  }

  /** The main URL, as given. */
  get url(): string {
    return this.#core.options.url;
  }

  get version(): number {
    return this.#core.options.version;
  }

  /** The session as it is now, to be stored or given to another process; `null` when there is none. */
  get session(): Session | null {
    return this.#core.cell.session;
  }

  /** The last sequence received. */
  get lastSequence(): number | null {
    return this.#core.cell.sequence;
  }

  /** In ms; `null` without a connection. */
  get heartbeatInterval(): number | null {
    return this.#core.actor.getSnapshot().context.heartbeatIntervalMs;
  }

  /** Whether the last beat of this connection was answered; `null` before the first. */
  get heartbeatAcknowledged(): boolean | null {
    return this.#core.pulse.acknowledged;
  }

  /** The last round trip in ms. */
  get ping(): number | null {
    return this.#core.pulse.ping;
  }

  /** When something last came, in ms of the clock. */
  get health(): { lastFrameAt: number | null; lastAckAt: number | null; lastDispatchAt: number | null } {
    return { ...this.#core.vitals, lastAckAt: this.#core.pulse.lastAckAt };
  }

  /** Frames that wait to be sent. */
  get pendingSends(): number {
    return this.#core.queue.pending;
  }

  /** The running XState actor, for `waitFor` and inspection. */
  get actor(): ShardActor {
    return this.#core.actor;
  }

  /** A rejection that nobody looks at must not end the process. */
  #handOut<T>(promise: Promise<T>): Promise<T> {
    promise.catch((error: unknown) => this.#core.options.logger.debug(String(error)));
    return promise;
  }

  /** Waits for the next READY or RESUMED that follows from `event`. */
  #begin(event: ShardEvent, signal?: AbortSignal): Promise<void> {
    if (signal?.aborted === true) return Promise.reject(abortedError('connect()', signal));
    if (event.type === 'shard.connect' && this.state === 'ready') return Promise.resolve();
    this.#core.revive();
    const { readiness, queue } = this.#core;
    const ready = readiness.wait(signal, () => {
      if (readiness.size === 0 && this.state !== 'ready') void this.disconnect();
    });
    queue.start();
    this.#core.send(event);
    return ready;
  }
}
