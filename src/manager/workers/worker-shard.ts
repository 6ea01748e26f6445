/**
 * A shard in another thread, as the manager sees it. It keeps what the thread would take with it: the session up to what
 * has been handed out here, and the presence. When the thread dies the shard begins anew in another with these, and
 * resumes.
 */
import type { GatewayPresenceUpdateData, GatewayRequestGuildMembersData, GatewayVoiceStateUpdateData } from 'discord-api-types/v10';
import type { ShardState } from '../../../machines/index.ts';
import { GatewayError, abortedError } from '../../protocol/errors.ts';
import { Opcodes } from '../../protocol/opcodes.ts';
import type { RequestChannelInfoData, SendPayload } from '../../protocol/packets.ts';
import { serializePayload } from '../../protocol/payloads.ts';
import type { Session } from '../../session/session.ts';
import type { SendOptions } from '../../shard.ts';
import { forcedClosing, resolveClosing } from '../../shard/closing.ts';
import type { DisconnectOptions } from '../../shard/closing.ts';
import type { GuildMembers, RequestOptions } from '../../shard/guild-member-requests.ts';
import type { ShardEvents } from '../../shard/shard-events.ts';
import type { ResolvedManagerOptions } from '../manager-options.ts';
import type { ShardBlueprint, ShardHandle, ShardHealth } from '../shard-handle.ts';
import { Call } from './call.ts';
import type { Method } from './messages.ts';
import { RemoteShard } from './remote-shard.ts';
import { ShardMirror } from './shard-mirror.ts';
import type { Tenant, WorkerSlot } from './worker-slot.ts';

const AT_REST: ReadonlySet<ShardState> = new Set(['disconnected', 'failed']);

const stopped = (): GatewayError => new GatewayError('STOPPED', 'the shard was stopped');
const lost = (): GatewayError => new GatewayError('CONNECTION_LOST', 'the connection was lost');

/** What becomes of those calls that a thread leaves open. */
const IS_DONE: ReadonlySet<Method> = new Set(['disconnect', 'idle']);
const GOES_ON: ReadonlySet<Method> = new Set(['connect', 'reconnect']);

export class WorkerShard implements ShardHandle, Tenant {
  readonly #blueprint: ShardBlueprint;
  readonly #slot: WorkerSlot;
  readonly #options: ResolvedManagerOptions;
  readonly #mirror: ShardMirror;
  #remote: RemoteShard | null = null;
  #presence: GatewayPresenceUpdateData | undefined;
  /** Why nothing can be sent until it is connected again; `null` while it is, `undefined` before it ever was. */
  #stopped: GatewayError | null | undefined;
  #isPaused = false;
  #hearsRaw = false;

  constructor(blueprint: ShardBlueprint, slot: WorkerSlot, options: ResolvedManagerOptions) {
    this.#blueprint = blueprint;
    this.#slot = slot;
    this.#options = options;
    this.#presence = blueprint.presence;
    this.#mirror = new ShardMirror({
      shardId: blueprint.shardId,
      store: blueprint.sessionStore,
      logger: options.logger,
      rewind: (sequence) => this.#remote?.post({ type: 'rewind', sequence }),
      onFailed: (error) => {
        this.#stopped = error;
      },
    });
  }

  get shardId(): number {
    return this.#blueprint.shardId;
  }

  get shardCount(): number {
    return this.#blueprint.shardCount;
  }

  get state(): ShardState {
    return this.#mirror.state;
  }

  get session(): Session | null {
    return this.#mirror.session;
  }

  get ping(): number | null {
    return this.#mirror.vitals.ping;
  }

  get health(): ShardHealth {
    const { lastFrameAt, lastAckAt, lastDispatchAt } = this.#mirror.vitals;
    return { lastFrameAt, lastAckAt, lastDispatchAt };
  }

  get pendingSends(): number {
    return this.#mirror.vitals.pendingSends;
  }

  connect({ signal }: { signal?: AbortSignal } = {}): Promise<void> {
    return this.#begin('connect', signal);
  }

  reconnect(): Promise<void> {
    return this.#begin('reconnect');
  }

  async disconnect({ signal, ...options }: DisconnectOptions = {}): Promise<void> {
    const { session } = resolveClosing(options);
    this.#stopped = stopped();
    if (this.#remote !== null) await this.#ask('disconnect', [options], 'disconnect()', signal);
    // Its thread may have died over it.
    if (this.#stopped) this.#mirror.leave(session);
    await this.#slot.settled();
  }

  /** Nobody is waited for: the thread is told, and not listened to any more. */
  forceClose(code?: number): void {
    const { session, ...closing } = forcedClosing(code);
    this.#stopped = stopped();
    this.#remote?.post({ type: 'forceClose', code: closing.code });
    this.#mirror.leave(session);
    this.#leave(this.#stopped);
    this.#mirror.end({ ...closing, initiator: 'shard' });
  }

  async send(payload: SendPayload, options: SendOptions = {}): Promise<void> {
    const { signal, ...rest } = options;
    // What can't be sent is told before it crosses, and what crosses is what it is now.
    const copy = JSON.parse(serializePayload(payload)) as SendPayload;
    if (signal?.aborted === true) throw abortedError('send()', signal);
    if (this.#stopped) throw this.#stopped;
    if (copy.op === Opcodes.PresenceUpdate) this.#presence = copy.d;
    await this.#ask('send', [copy, rest], 'send()', signal);
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

  async requestGuildMembers(request: GatewayRequestGuildMembersData, options: RequestOptions = {}): Promise<GuildMembers> {
    const { signal, ...rest } = options;
    const copy = JSON.parse(serializePayload({ op: Opcodes.RequestGuildMembers, d: request })) as { d: GatewayRequestGuildMembersData };
    if (this.#stopped) throw this.#stopped;
    return (await this.#ask('requestGuildMembers', [copy.d, rest], 'requestGuildMembers()', signal)) as GuildMembers;
  }

  async heartbeat(): Promise<number> {
    return (await this.#askIfThere('heartbeat')) as number;
  }

  async caughtUp(): Promise<void> {
    await this.#askIfThere('caughtUp');
  }

  async idle(): Promise<void> {
    if (this.#remote !== null) await this.#ask('idle', [], 'idle()');
  }

  pause(): void {
    this.#isPaused = true;
    this.#remote?.post({ type: 'pause' });
  }

  resume(): void {
    this.#isPaused = false;
    this.#remote?.post({ type: 'resume' });
  }

  on<Name extends keyof ShardEvents>(name: Name, listener: (...args: ShardEvents[Name]) => unknown): this {
    if (name === 'raw' && !this.#hearsRaw) {
      this.#hearsRaw = true;
      this.#remote?.post({ type: 'hearRaw' });
    }
    this.#mirror.emitter.on(name, listener);
    return this;
  }

  off<Name extends keyof ShardEvents>(name: Name, listener: (...args: ShardEvents[Name]) => unknown): this {
    this.#mirror.emitter.off(name, listener);
    return this;
  }

  move(): void {
    const open = this.#leave(lost());
    const isWanted = !this.#stopped && (open.length > 0 || !AT_REST.has(this.state));
    const loss = { code: null, reason: 'the thread of the shard has ended', initiator: 'transport' } as const;
    if (!isWanted || !this.#options.shouldReconnect) {
      for (const call of open) call.reject(lost());
      return this.#mirror.end(loss);
    }
    this.#mirror.interrupt(loss);
    // Whoever listened may have decided otherwise.
    if (this.#stopped) return;
    const remote = this.#enter();
    if (open.length === 0) remote.perform(new Call('connect', [], { what: 'connect()' }));
    for (const call of open) remote.perform(call);
  }

  fail(error: GatewayError): void {
    this.#stopped = error;
    this.#leave(error);
    this.#mirror.fail(error);
  }

  #begin(method: 'connect' | 'reconnect', signal?: AbortSignal): Promise<void> {
    if (signal?.aborted === true) return Promise.reject(abortedError('connect()', signal));
    if (method === 'connect' && this.state === 'ready') return Promise.resolve();
    this.#stopped = null;
    return this.#ask(method, [], 'connect()', signal) as Promise<void>;
  }

  #ask(method: Method, args: readonly unknown[], what: string, signal?: AbortSignal): Promise<unknown> {
    const call = new Call(method, args, { what, signal });
    this.#enter().perform(call);
    return call.promise;
  }

  #askIfThere(method: 'heartbeat' | 'caughtUp'): Promise<unknown> {
    if (this.#remote === null) return Promise.reject(new GatewayError('NOT_CONNECTED', 'there is no connection to beat on'));
    return this.#ask(method, [], `${method}()`);
  }

  /** Where it lives; from now on, if it lives nowhere. */
  #enter(): RemoteShard {
    if (this.#remote !== null) return this.#remote;
    const { shardId, shardCount, url, sessionStore: store, identifyGate: gate } = this.#blueprint;
    const order = { shardId, shardCount, url, presence: this.#presence, session: this.session };
    const owner = {
      hear: this.#mirror.hear,
      dispatch: this.#mirror.dispatch,
      tidy: () => {
        if (!AT_REST.has(this.state) || this.#remote?.isBusy !== false) return;
        if (this.#stopped === null) this.#stopped = lost();
        this.#leave(lost());
      },
    };
    const remote = new RemoteShard({ thread: this.#slot.enter(this), order, store, gate, owner });
    this.#remote = remote;
    if (this.#isPaused) remote.post({ type: 'pause' });
    if (this.#hearsRaw) remote.post({ type: 'hearRaw' });
    return remote;
  }

  /** Leaves its thread. Settles what was asked there; gives back who waits to be connected, unless it is stopped. */
  #leave(error: GatewayError): Call[] {
    const open = this.#remote?.leave() ?? [];
    this.#remote = null;
    this.#slot.leave(this);
    const waiting: Call[] = [];
    for (const call of open) {
      if (IS_DONE.has(call.method)) call.resolve();
      else if (GOES_ON.has(call.method) && !this.#stopped) waiting.push(call);
      else call.reject(this.#stopped ?? error);
    }
    return waiting;
  }
}
