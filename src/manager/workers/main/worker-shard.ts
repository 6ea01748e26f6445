/**
 * A shard in a worker thread, as the manager sees it. It keeps what the thread would take with it: the session, up to
 * the last delivered dispatch, and the presence. When the thread dies, the shard resumes with these in another.
 */
import type { GatewayPresenceUpdateData, GatewayRequestGuildMembersData } from 'discord-api-types/v10';
import { util } from '../../../node-modules.ts';
import type { AwayReason, ShardState } from '../../../../machines/index.ts';
import { assertCallOptions, callOptionsError } from '../../../protocol/call-options.ts';
import { GatewayError, abortedError } from '../../../protocol/errors.ts';
import { Opcodes } from '../../../protocol/opcodes.ts';
import type { SendPayload } from '../../../protocol/packets.ts';
import { checkPayload } from '../../../protocol/payloads.ts';
import type { Session } from '../../../session/session.ts';
import { forcedCloseRequest, resolveCloseRequest } from '../../../shard/close-request.ts';
import type { DisconnectOptions } from '../../../shard/close-request.ts';
import { CommandSender } from '../../../shard/command-sender.ts';
import type { SendOptions } from '../../../shard/command-sender.ts';
import type { GuildMembers, RequestOptions } from '../../../shard/guild-member-requests.ts';
import { inspectedOptions } from '../../../shard/inspected-options.ts';
import type { InspectedThreadShard } from '../../../shard/inspected-shard.ts';
import type { RefusedPresence } from '../../../shard/refused-payload.ts';
import type { ShardEvents } from '../../../shard/shard-events.ts';
import type { ConnectOptions } from '../../../shard/shard-lifecycle.ts';
import type { ResolvedManagerOptions } from '../../manager-options.ts';
import { STOPPED_STATES } from '../../shard-handle.ts';
import type { ShardConfig, ShardHandle, ShardHealth } from '../../shard-handle.ts';
import type { Method, StandingRequest } from '../wire/messages.ts';
import { PendingCall } from './pending-call.ts';
import { ShardChannel } from './shard-channel.ts';
import { ShardMirror } from './shard-mirror.ts';
import type { SlotClient, WorkerSlot } from './worker-slot.ts';

const stoppedError = (): GatewayError => new GatewayError('STOPPED', 'the shard was stopped');
const connectionLostError = (): GatewayError => new GatewayError('CONNECTION_LOST', 'the connection was lost');

/** What the user wants of the shard. Before the first `connect()` sends wait; after a stop they reject. */
type Intention = { readonly phase: 'idle' | 'connect' } | { readonly phase: 'stop'; readonly reason: GatewayError };

export class WorkerShard extends CommandSender implements ShardHandle, SlotClient {
  readonly inspectedThread: InspectedThreadShard;
  readonly #config: ShardConfig;
  readonly #slot: WorkerSlot;
  readonly #options: ResolvedManagerOptions;
  readonly #mirror: ShardMirror;
  /** The shard in its thread; `null` while it needs no thread. */
  #channel: ShardChannel | null = null;
  #intention: Intention = { phase: 'idle' };
  #presence: GatewayPresenceUpdateData | undefined;
  readonly #standing = new Set<StandingRequest>();

  constructor(config: ShardConfig, slot: WorkerSlot, options: ResolvedManagerOptions) {
    super();
    this.#config = config;
    this.#slot = slot;
    this.#options = options;
    this.#presence = config.presence;
    this.#mirror = new ShardMirror({
      shardId: config.shardId,
      store: config.sessionStore,
      logger: options.logger,
      clock: options.clock,
      timing: options.timing,
      rewind: (sequence) => this.#rewind(sequence),
      onFailed: (error) => this.#stop(error),
    });
    const settings = { worker: slot.number, options: inspectedOptions(options, config.url) };
    this.inspectedThread = this.#mirror.observation.view(settings, (what) => this.#request(what));
  }

  get shardId(): number {
    return this.#config.shardId;
  }

  get shardCount(): number {
    return this.#config.shardCount;
  }

  get state(): ShardState {
    return this.#mirror.state;
  }

  get failure(): GatewayError | null {
    return this.#mirror.failure;
  }

  get session(): Session | null {
    return this.#mirror.session;
  }

  get ping(): number | null {
    return this.#mirror.stats.ping;
  }

  get health(): ShardHealth {
    return this.#mirror.health;
  }

  get pendingSends(): number {
    return this.#mirror.stats.pendingSends;
  }

  connect(options?: ConnectOptions): Promise<void> {
    const invalid = callOptionsError('connect()', options);
    if (invalid !== null) return Promise.reject(invalid);
    return this.#config.claim.connect(options?.signal, () => this.#startConnecting('connect', options?.signal));
  }

  reconnect(): Promise<void> {
    this.#config.claim.takeOver();
    return this.#startConnecting('reconnect');
  }

  async disconnect(disconnectOptions: DisconnectOptions = {}): Promise<void> {
    const { session } = resolveCloseRequest(disconnectOptions);
    this.#config.claim.stop();
    const { signal, ...options } = disconnectOptions;
    this.#stop(stoppedError());
    if (this.#channel !== null) await this.#call('disconnect', [options], 'disconnect()', signal);
    // The thread may have died before it ended the session.
    if (this.#stopReason !== null) this.#mirror.endSession(session);
    await this.#slot.threadsExited();
  }

  /** Does not wait for the thread: its further messages are ignored. */
  forceClose(code?: number): void {
    const { session, ...loss } = forcedCloseRequest(code);
    this.#config.claim.stop();
    this.#stop(stoppedError());
    this.#channel?.post({ type: 'forceClose', code: loss.code });
    this.#mirror.endSession(session);
    this.#detach(stoppedError());
    this.#mirror.markDisconnected({ ...loss, initiator: 'shard' });
  }

  override async send(payload: SendPayload, options: SendOptions = {}): Promise<void> {
    assertCallOptions('send()', options);
    const { signal, ...rest } = options;
    // An invalid payload is rejected here, and changes after this call have no effect.
    const { payload: copy } = checkPayload(payload);
    if (signal?.aborted === true) throw abortedError('send()', signal);
    if (this.#stopReason !== null) throw this.#stopReason;
    if (copy.op === Opcodes.PresenceUpdate) this.#presence = copy.d;
    await this.#call('send', [copy, rest], 'send()', signal);
  }

  async requestGuildMembers(
    request: GatewayRequestGuildMembersData,
    options: RequestOptions = {},
  ): Promise<GuildMembers> {
    assertCallOptions('requestGuildMembers()', options);
    const { signal, ...rest } = options;
    const { payload: copy } = checkPayload({ op: Opcodes.RequestGuildMembers, d: request });
    if (this.#stopReason !== null) throw this.#stopReason;
    return (await this.#call('requestGuildMembers', [copy.d, rest], 'requestGuildMembers()', signal)) as GuildMembers;
  }

  async heartbeat(): Promise<number> {
    return (await this.#callIfAttached('heartbeat')) as number;
  }

  async barrier(): Promise<void> {
    await this.#callIfAttached('barrier');
  }

  async settled(): Promise<void> {
    if (this.#channel !== null) await this.#call('settled', [], 'settled()');
  }

  pauseReading(): void {
    this.#request('pauseReading');
  }

  resumeReading(): void {
    this.#standing.delete('pauseReading');
    this.#channel?.post({ type: 'resumeReading' });
  }

  setBufferFull(because: AwayReason | null): void {
    this.#channel?.post({ type: 'setBufferFull', because });
  }

  dropPresence(presence: RefusedPresence): void {
    this.#channel?.post({ type: 'dropPresence', presence });
    if (util.isDeepStrictEqual(this.#presence, presence.refused)) this.#presence = presence.instead;
  }

  /** A shard that has stopped is in no thread. */
  markOutdated(): void {
    this.#mirror.forgetSession();
  }

  rewind(sequence: number): void {
    this.#mirror.rewindTo(sequence);
  }

  on<Name extends keyof ShardEvents>(name: Name, listener: (...args: ShardEvents[Name]) => unknown): this {
    if (name === 'raw') this.#request('enableRaw');
    this.#mirror.emitter.on(name, listener);
    return this;
  }

  off<Name extends keyof ShardEvents>(name: Name, listener: (...args: ShardEvents[Name]) => unknown): this {
    this.#mirror.emitter.off(name, listener);
    return this;
  }

  onThreadLost(): void {
    const pendingCalls = this.#detach(connectionLostError());
    const isNeeded = pendingCalls.length > 0 || !STOPPED_STATES.has(this.state);
    const loss = { code: null, reason: 'the thread of the shard has ended', initiator: 'transport' } as const;
    if (this.#stopReason !== null || !isNeeded || !this.#options.shouldReconnect) {
      this.#stopIfConnecting();
      for (const call of pendingCalls) call.reject(connectionLostError());
      return this.#mirror.markDisconnected(loss);
    }
    this.#mirror.markReconnecting(loss);
    // A listener may have disconnected the shard.
    if (this.#stopReason !== null) return;
    const channel = this.#attach();
    if (pendingCalls.length === 0) channel.startCall(new PendingCall('connect', [], { operation: 'connect()' }));
    for (const call of pendingCalls) channel.startCall(call);
  }

  onThreadUnavailable(error: GatewayError): void {
    this.#stop(error);
    this.#detach(error);
    this.#mirror.markFailed(error);
  }

  get #stopReason(): GatewayError | null {
    return this.#intention.phase === 'stop' ? this.#intention.reason : null;
  }

  #stop(reason: GatewayError): void {
    this.#intention = { phase: 'stop', reason };
  }

  #request(type: StandingRequest): void {
    if (this.#standing.has(type)) return;
    this.#standing.add(type);
    this.#channel?.post({ type });
  }

  #startConnecting(method: 'connect' | 'reconnect', signal?: AbortSignal): Promise<void> {
    if (signal?.aborted === true) return Promise.reject(abortedError('connect()', signal));
    if (method === 'connect' && this.state === 'ready') return Promise.resolve();
    this.#intention = { phase: 'connect' };
    return this.#call(method, [], 'connect()', signal) as Promise<void>;
  }

  #call(method: Method, args: readonly unknown[], operation: string, signal?: AbortSignal): Promise<unknown> {
    const call = new PendingCall(method, args, { operation, signal });
    this.#attach().startCall(call);
    return call.promise;
  }

  #callIfAttached(method: 'heartbeat' | 'barrier'): Promise<unknown> {
    if (this.#channel === null)
      return Promise.reject(new GatewayError('NOT_CONNECTED', 'there is no connection to send a heartbeat on'));
    return this.#call(method, [], `${method}()`);
  }

  /** Returns the channel to the shard's thread; opens one if there is none. */
  #attach(): ShardChannel {
    if (this.#channel !== null) return this.#channel;
    const { shardId, shardCount, url, sessionStore: store, identifyGate: gate } = this.#config;
    const channel = new ShardChannel({
      thread: this.#slot.acquire(this),
      config: { shardId, shardCount, url, presence: this.#presence, session: this.session },
      store,
      gate,
      onUpdate: this.#mirror.apply,
      onMessageFailed: this.#mirror.onMessageFailed,
      onDispatch: this.#mirror.applyDispatch,
      onRestored: this.#mirror.applyRestored,
      listenerWatch: this.#mirror.listenerWatch,
      onBatchEnd: () => this.#detachIfUnused(),
    });
    this.#channel = channel;
    for (const type of this.#standing) channel.post({ type });
    return channel;
  }

  #detachIfUnused(): void {
    if (!STOPPED_STATES.has(this.state) || this.#channel?.isBusy !== false) return;
    this.#stopIfConnecting();
    this.#detach(connectionLostError());
  }

  /** The shard has stopped although you want it connected: calls reject until the next connect(). */
  #stopIfConnecting(): void {
    if (this.#intention.phase === 'connect') this.#stop(connectionLostError());
  }

  /** A shard that you have stopped must not connect again. */
  #rewind(sequence: number): boolean {
    if (this.#channel === null || this.#stopReason !== null) return false;
    this.#channel.post({ type: 'rewind', sequence });
    return true;
  }

  /** Leaves the thread and settles its calls. Returns those to repeat in another, unless the shard is stopped. */
  #detach(error: GatewayError): PendingCall[] {
    const pendingCalls = this.#channel?.close() ?? [];
    this.#channel = null;
    this.#slot.release(this);
    const reason = this.#stopReason;
    return pendingCalls.filter((call) => call.leaveThread(reason ?? error, reason === null));
  }
}
