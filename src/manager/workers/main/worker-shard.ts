/**
 * A shard in another thread, as the manager sees it. It keeps what the thread would take with it: the session up to what
 * has been handed out here, and the presence. When the thread dies the shard begins anew in another with these, and
 * resumes.
 */
import type {
  GatewayPresenceUpdateData,
  GatewayRequestGuildMembersData,
  GatewayVoiceStateUpdateData,
} from 'discord-api-types/v10';
import type { ShardState } from '../../../../machines/index.ts';
import { GatewayError, abortedError } from '../../../protocol/errors.ts';
import { Opcodes } from '../../../protocol/opcodes.ts';
import type { RequestChannelInfoData, SendPayload } from '../../../protocol/packets.ts';
import { serializePayload } from '../../../protocol/payloads.ts';
import type { Session } from '../../../session/session.ts';
import type { SendOptions } from '../../../shard/command-sender.ts';
import { forcedCloseRequest, resolveCloseRequest } from '../../../shard/close-request.ts';
import type { DisconnectOptions } from '../../../shard/close-request.ts';
import type { GuildMembers, RequestOptions } from '../../../shard/guild-member-requests.ts';
import type { ShardEvents } from '../../../shard/shard-events.ts';
import type { ResolvedManagerOptions } from '../../manager-options.ts';
import type { ShardConfig, ShardHandle, ShardHealth } from '../../shard-handle.ts';
import { PendingCall } from './pending-call.ts';
import type { Method } from '../wire/messages.ts';
import { ShardChannel } from './shard-channel.ts';
import { ShardMirror } from './shard-mirror.ts';
import type { SlotClient, WorkerSlot } from './worker-slot.ts';

const STOPPED_STATES: ReadonlySet<ShardState> = new Set(['disconnected', 'failed']);

const stoppedError = (): GatewayError => new GatewayError('STOPPED', 'the shard was stopped');
const connectionLostError = (): GatewayError => new GatewayError('CONNECTION_LOST', 'the connection was lost');

/** What becomes of those calls that a thread leaves open. */
const RESOLVED_ON_THREAD_LOSS: ReadonlySet<Method> = new Set(['disconnect', 'settled']);
const RETRIED_ON_THREAD_LOSS: ReadonlySet<Method> = new Set(['connect', 'reconnect']);

export class WorkerShard implements ShardHandle, SlotClient {
  readonly #config: ShardConfig;
  readonly #slot: WorkerSlot;
  readonly #options: ResolvedManagerOptions;
  readonly #mirror: ShardMirror;
  #channel: ShardChannel | null = null;
  #presence: GatewayPresenceUpdateData | undefined;
  /** Why nothing can be sent until it is connected again; `null` while it is, `undefined` before it ever was. */
  #stopReason: GatewayError | null | undefined;
  #isReadingPaused = false;
  #rawEnabled = false;

  constructor(config: ShardConfig, slot: WorkerSlot, options: ResolvedManagerOptions) {
    this.#config = config;
    this.#slot = slot;
    this.#options = options;
    this.#presence = config.presence;
    this.#mirror = new ShardMirror({
      shardId: config.shardId,
      store: config.sessionStore,
      logger: options.logger,
      rewind: (sequence) => this.#channel?.post({ type: 'rewind', sequence }),
      onFailed: (error) => {
        this.#stopReason = error;
      },
    });
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

  get session(): Session | null {
    return this.#mirror.session;
  }

  get ping(): number | null {
    return this.#mirror.stats.ping;
  }

  get health(): ShardHealth {
    const { lastFrameAt, lastAckAt, lastDispatchAt } = this.#mirror.stats;
    return { lastFrameAt, lastAckAt, lastDispatchAt };
  }

  get pendingSends(): number {
    return this.#mirror.stats.pendingSends;
  }

  connect({ signal }: { signal?: AbortSignal } = {}): Promise<void> {
    return this.#startConnecting('connect', signal);
  }

  reconnect(): Promise<void> {
    return this.#startConnecting('reconnect');
  }

  async disconnect({ signal, ...options }: DisconnectOptions = {}): Promise<void> {
    const { session } = resolveCloseRequest(options);
    this.#stopReason = stoppedError();
    if (this.#channel !== null) await this.#call('disconnect', [options], 'disconnect()', signal);
    // Its thread may have died over it.
    if (this.#stopReason) this.#mirror.endSession(session);
    await this.#slot.threadsExited();
  }

  /** Nobody is waited for: the thread is told, and not listened to any more. */
  forceClose(code?: number): void {
    const { session, ...loss } = forcedCloseRequest(code);
    this.#stopReason = stoppedError();
    this.#channel?.post({ type: 'forceClose', code: loss.code });
    this.#mirror.endSession(session);
    this.#detach(this.#stopReason);
    this.#mirror.markDisconnected({ ...loss, initiator: 'shard' });
  }

  async send(payload: SendPayload, options: SendOptions = {}): Promise<void> {
    const { signal, ...rest } = options;
    // What can't be sent is told before it crosses, and what crosses is what it is now.
    const copy = JSON.parse(serializePayload(payload)) as SendPayload;
    if (signal?.aborted === true) throw abortedError('send()', signal);
    if (this.#stopReason) throw this.#stopReason;
    if (copy.op === Opcodes.PresenceUpdate) this.#presence = copy.d;
    await this.#call('send', [copy, rest], 'send()', signal);
  }

  updatePresence(presence: GatewayPresenceUpdateData): Promise<void> {
    return this.send({ op: Opcodes.PresenceUpdate, d: presence });
  }

  updateVoiceState(voice: GatewayVoiceStateUpdateData): Promise<void> {
    return this.send({ op: Opcodes.VoiceStateUpdate, d: voice });
  }

  requestSoundboardSounds(guildIds: readonly string[]): Promise<void> {
    return this.send({ op: Opcodes.RequestSoundboardSounds, d: { guild_ids: guildIds } });
  }

  requestChannelInfo(request: RequestChannelInfoData): Promise<void> {
    return this.send({ op: Opcodes.RequestChannelInfo, d: request });
  }

  async requestGuildMembers(
    request: GatewayRequestGuildMembersData,
    options: RequestOptions = {},
  ): Promise<GuildMembers> {
    const { signal, ...rest } = options;
    const copy = JSON.parse(serializePayload({ op: Opcodes.RequestGuildMembers, d: request })) as {
      d: GatewayRequestGuildMembersData;
    };
    if (this.#stopReason) throw this.#stopReason;
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
    this.#isReadingPaused = true;
    this.#channel?.post({ type: 'pauseReading' });
  }

  resumeReading(): void {
    this.#isReadingPaused = false;
    this.#channel?.post({ type: 'resumeReading' });
  }

  on<Name extends keyof ShardEvents>(name: Name, listener: (...args: ShardEvents[Name]) => unknown): this {
    if (name === 'raw' && !this.#rawEnabled) {
      this.#rawEnabled = true;
      this.#channel?.post({ type: 'enableRaw' });
    }
    this.#mirror.emitter.on(name, listener);
    return this;
  }

  off<Name extends keyof ShardEvents>(name: Name, listener: (...args: ShardEvents[Name]) => unknown): this {
    this.#mirror.emitter.off(name, listener);
    return this;
  }

  onThreadLost(): void {
    const pendingCalls = this.#detach(connectionLostError());
    const shouldMove = !this.#stopReason && (pendingCalls.length > 0 || !STOPPED_STATES.has(this.state));
    const loss = { code: null, reason: 'the thread of the shard has ended', initiator: 'transport' } as const;
    if (!shouldMove || !this.#options.shouldReconnect) {
      for (const call of pendingCalls) call.reject(connectionLostError());
      return this.#mirror.markDisconnected(loss);
    }
    this.#mirror.markReconnecting(loss);
    // Whoever listened may have decided otherwise.
    if (this.#stopReason) return;
    const channel = this.#attach();
    if (pendingCalls.length === 0) channel.startCall(new PendingCall('connect', [], { operation: 'connect()' }));
    for (const call of pendingCalls) channel.startCall(call);
  }

  onThreadUnavailable(error: GatewayError): void {
    this.#stopReason = error;
    this.#detach(error);
    this.#mirror.markFailed(error);
  }

  #startConnecting(method: 'connect' | 'reconnect', signal?: AbortSignal): Promise<void> {
    if (signal?.aborted === true) return Promise.reject(abortedError('connect()', signal));
    if (method === 'connect' && this.state === 'ready') return Promise.resolve();
    this.#stopReason = null;
    return this.#call(method, [], 'connect()', signal) as Promise<void>;
  }

  #call(method: Method, args: readonly unknown[], operation: string, signal?: AbortSignal): Promise<unknown> {
    const call = new PendingCall(method, args, { operation, signal });
    this.#attach().startCall(call);
    return call.promise;
  }

  #callIfAttached(method: 'heartbeat' | 'barrier'): Promise<unknown> {
    if (this.#channel === null)
      return Promise.reject(new GatewayError('NOT_CONNECTED', 'there is no connection to beat on'));
    return this.#call(method, [], `${method}()`);
  }

  /** Where it lives; from now on, if it lives nowhere. */
  #attach(): ShardChannel {
    if (this.#channel !== null) return this.#channel;
    const { shardId, shardCount, url, sessionStore: store, identifyGate: gate } = this.#config;
    const config = { shardId, shardCount, url, presence: this.#presence, session: this.session };
    const listener = {
      onUpdate: this.#mirror.apply,
      onDispatch: this.#mirror.applyDispatch,
      onBatchEnd: () => {
        if (!STOPPED_STATES.has(this.state) || this.#channel?.isBusy !== false) return;
        if (this.#stopReason === null) this.#stopReason = connectionLostError();
        this.#detach(connectionLostError());
      },
    };
    const channel = new ShardChannel({ thread: this.#slot.acquire(this), config, store, gate, listener });
    this.#channel = channel;
    if (this.#isReadingPaused) channel.post({ type: 'pauseReading' });
    if (this.#rawEnabled) channel.post({ type: 'enableRaw' });
    return channel;
  }

  /** Leaves its thread. Settles what was asked there; gives back who waits to be connected, unless it is stopped. */
  #detach(error: GatewayError): PendingCall[] {
    const pendingCalls = this.#channel?.close() ?? [];
    this.#channel = null;
    this.#slot.release(this);
    const retried: PendingCall[] = [];
    for (const call of pendingCalls) {
      if (RESOLVED_ON_THREAD_LOSS.has(call.method)) call.resolve();
      else if (RETRIED_ON_THREAD_LOSS.has(call.method) && !this.#stopReason) retried.push(call);
      else call.reject(this.#stopReason ?? error);
    }
    return retried;
  }
}
