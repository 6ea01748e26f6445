/**
 * The class that a bot with many shards uses. It decides nothing itself: it turns calls into events of the state
 * machine, and the outcome into events for listeners and settled promises.
 */
import type { ManagerState } from '../../machines/index.ts';
import { assertCallOptions } from '../protocol/call-options.ts';
import { GatewayError, abortedError } from '../protocol/errors.ts';
import { shardIdForGuild } from '../protocol/guild-sharding.ts';
import type { AnyEventName, Dispatch, DispatchData, EventName, SendPayload } from '../protocol/packets.ts';
import type { SendOptions } from '../shard/command-sender.ts';
import { resolveCloseRequest } from '../shard/close-request.ts';
import type { BotApplication, BotUser } from '../session/session.ts';
import type { DisconnectOptions } from '../shard/close-request.ts';
import type { DispatchHandlerOptions, UntypedHandlerOptions } from '../shard/handler-options.ts';
import { logRejection } from '../shard/logger.ts';
import type { ConnectOptions } from '../shard/shard-lifecycle.ts';
import type { DispatchStreamOptions } from '../shard/pull-stream.ts';
import { notConnectedError, sendToAllShards, sendToShard } from './fleet-sender.ts';
import { ManagerRuntime } from './manager-runtime.ts';
import type { ShardDispatch } from './fleet-stream.ts';
import type { ManagerActor } from './manager-actor.ts';
import type { ManagerEvents } from './manager-events.ts';
import { assertShardCount, resolveManagerOptions } from './manager-options.ts';
import type { ManagerOptions } from './manager-options.ts';
import { shardStatusesOf } from './manager-status.ts';
import type { ManagerStatus } from './manager-status.ts';
import { NO_SHARDS } from './shard-handle.ts';
import type { ShardHandle } from './shard-handle.ts';

const stoppedError = (): GatewayError => new GatewayError('STOPPED', 'the manager was stopped');

/**
 * Runs the shards of one bot: asks Discord how many and how fast, starts them in order, keeps their sessions over
 * restarts, and replaces them by more or fewer without losing an event.
 * @see https://discord.com/developers/docs/events/gateway#sharding
 */
export class ShardManager {
  readonly #runtime: ManagerRuntime;

  /** @throws {@link GatewayError} `INVALID_OPTIONS`; the message names the option. */
  constructor(options: ManagerOptions) {
    this.#runtime = new ManagerRuntime(resolveManagerOptions(options));
  }

  /**
   * Connects all shards: those with a stored session resume at once, the others identify at the pace that Discord
   * allows. Resolves when all are ready. A second call joins the first; a call during `disconnect()` follows it. After
   * shards have failed, it starts these again.
   *
   * In a cluster it resolves when the node has joined and each shard that it holds by then is ready. While the engine can't
   * be reached it waits. Rejects with `ENGINE_INVALID` if the engine can't be used.
   *
   * Rejects with the error of a shard that failed for good, once the others are ready; with the error that stopped all
   * shards; with `STOPPED` when the manager was disconnected meanwhile, once the sessions are stored; or with `ABORTED`.
   * If every caller aborts, the attempt is cancelled.
   */
  connect(options?: ConnectOptions): Promise<void> {
    return this.#swallowUnhandled(this.#connect(options));
  }

  async #connect(options?: ConnectOptions): Promise<void> {
    assertCallOptions('connect()', options);
    const signal = options?.signal;
    if (signal?.aborted === true) throw abortedError('connect()', signal);
    const { fleet, readyWaiters } = this.#runtime;
    const wasRunning = this.state === 'running';
    if (wasRunning && fleet.current?.hasStopped === false) return;
    const ready = readyWaiters.wait(signal, () => {
      // Shards that are ready must not be closed because a second connect() was aborted.
      if (!wasRunning && readyWaiters.size === 0 && ['starting', 'draining'].includes(this.state))
        void this.disconnect();
    });
    this.#runtime.send({ type: 'manager.connect' });
    await ready.catch((error: GatewayError) => this.#rejectWhenStored(error));
  }

  /** An unhandled rejection ends the process. By then the sockets are closed and the sessions stored. */
  async #rejectWhenStored(error: GatewayError): Promise<never> {
    const { closedWaiters } = this.#runtime;
    if (error.code === 'STOPPED' && this.state === 'draining') await closedWaiters.wait();
    throw error;
  }

  /**
   * Disconnects all shards without reconnecting, also those that you started one by one. Resolves when their sockets
   * are closed and their sessions stored, within `closeTimeoutMs`. Rejects only with `ABORTED`, in which case the
   * sockets are closed by force, or `INVALID_OPTIONS`. By default the sessions are kept: the next `connect()` resumes
   * them, in another process too. In a cluster the other nodes resume them at once.
   */
  disconnect(options: DisconnectOptions = {}): Promise<void> {
    return this.#swallowUnhandled(this.#disconnect(options));
  }

  async #disconnect(options: DisconnectOptions): Promise<void> {
    const runtime = this.#runtime;
    runtime.closeRequest = resolveCloseRequest(options);
    const { signal } = options;
    runtime.rejectWaiters(stoppedError());
    runtime.send({ type: 'manager.disconnect' });
    if (this.state !== 'draining') return;
    await runtime.closedWaiters.wait(signal, () => runtime.fleet.forceClose(runtime.closeRequest.code));
  }

  /**
   * Closes all shards synchronously, without waiting for a close handshake or the session store. Safe in a signal
   * handler. The default code, 4000, keeps the sessions.
   */
  forceClose(code?: number): void {
    this.#runtime.fleet.forceClose(code);
    void this.disconnect();
  }

  /**
   * Replaces the shards by `total` new ones. The new shards identify beside the old ones, which stay in service until
   * all are ready; then the new ones take over in one step. No event is lost or delivered twice; `docs/manager.md` says
   * how. Resolves when the new shards are in service. The signal cancels the attempt. In a cluster it replaces the shards
   * of all nodes; `docs/cluster.md` says how.
   *
   * Rejects with `RESHARD_REFUSED`, with `IDENTIFY_BUDGET_SPENT` when there are too few session starts, with
   * `INVALID_SHARD` when Discord does not accept the count, with the error of `GET /gateway/bot`, with
   * `ENGINE_UNAVAILABLE` when the engine of a cluster does not answer, `STOPPED` or `ABORTED`. The old shards then stay in
   * service.
   */
  reshard(total: number, options?: { signal?: AbortSignal }): Promise<void> {
    return this.#swallowUnhandled(this.#reshard(total, options));
  }

  async #reshard(total: number, reshardOptions?: { signal?: AbortSignal }): Promise<void> {
    assertShardCount(total);
    assertCallOptions('reshard()', reshardOptions);
    const signal = reshardOptions?.signal;
    if (signal?.aborted === true) throw abortedError('reshard()', signal);
    const { reshardWaiters, options, fleet } = this.#runtime;
    const targetTotal = this.#runtime.actor.getSnapshot().context.targetTotal;
    const refuse = (why: string): GatewayError =>
      new GatewayError('RESHARD_REFUSED', `can't reshard to ${total}: ${why}`);
    if (options.shards !== 'auto' && options.shards.ids !== null)
      throw refuse('this manager runs only some of the shards');
    if (this.state === 'resharding' && targetTotal !== total)
      throw refuse(`a resharding to ${targetTotal} is under way`);
    if (this.state !== 'running' && this.state !== 'resharding') throw refuse(`the manager is ${this.state}`);
    if (this.state === 'running' && fleet.current?.plan.total === total) return;
    const done = reshardWaiters.wait(signal, () => {
      if (reshardWaiters.size === 0) this.#runtime.send({ type: 'manager.cancelReshard' });
    });
    if (this.state === 'running') this.#runtime.send({ type: 'manager.reshard', total });
    await done;
  }

  /**
   * Sends a payload on one shard, as `Shard.send()` does. Also rejects with `NOT_CONNECTED`, or with `INVALID_OPTIONS`
   * for a shard that this manager does not run. In a cluster it reaches the shards of other nodes too, and rejects with
   * `NOT_DELIVERED` if no node has sent the payload within 30 s.
   */
  send(shardId: number, payload: SendPayload, options?: SendOptions): Promise<void> {
    return this.#swallowUnhandled(this.#send(shardId, payload, options));
  }

  async #send(shardId: number, payload: SendPayload, options?: SendOptions): Promise<void> {
    assertCallOptions('send()', options);
    await sendToShard(this.#runtime.fleet, shardId, payload, options);
  }

  /**
   * Sends a payload on every shard, in a cluster on those of other nodes too. Later shards identify with a presence that was sent so. Rejects with the first
   * error of any shard.
   */
  broadcast(payload: SendPayload): Promise<void> {
    return this.#swallowUnhandled(sendToAllShards(this.#runtime.fleet, payload));
  }

  /**
   * Returns the id of the shard that a guild belongs to.
   * @throws {@link GatewayError} `NOT_CONNECTED` before the shard count is known, `INVALID_OPTIONS` if it is not an id
   * @see https://discord.com/developers/docs/events/gateway#sharding-sharding-formula
   */
  shardIdFor(guildId: string | bigint): number {
    const { total } = this;
    if (total === null) throw notConnectedError('shardIdFor()');
    return shardIdForGuild(guildId, total);
  }

  /** Returns the state of the manager and of every shard, as plain data. */
  status(): ManagerStatus {
    const { fleet, options } = this.#runtime;
    const { current, successor, gate } = fleet;
    return {
      state: this.state,
      total: this.total,
      ready: current?.readyCount ?? 0,
      shards: current === null ? [] : shardStatusesOf(current, options.clock.now()),
      resharding: successor === null ? null : { total: successor.plan.total, ready: successor.readyCount },
      budget: gate?.budget ?? null,
      cluster: fleet.node?.status ?? null,
    };
  }

  /**
   * Returns the dispatches of all shards from now on, as an async iterable, over reconnections and resharding. When a
   * consumer falls behind by `highWaterMark`, all sockets are paused. The iteration ends with `disconnect()`; it throws
   * the error with which the manager failed, or `ABORTED`.
   */
  dispatches<const T extends AnyEventName = AnyEventName>(
    options?: DispatchStreamOptions<T>,
  ): AsyncIterableIterator<ShardDispatch<T>, undefined> & AsyncDisposable;
  dispatches(options?: DispatchStreamOptions): AsyncIterableIterator<ShardDispatch, undefined> & AsyncDisposable {
    return this.#runtime.dispatcher.stream(options);
  }

  /**
   * Adds a listener for one of Discord's events. Returns a function that removes it. With the option `concurrency` it
   * handles several dispatches at once, those of one guild in order; see `Shard.onDispatch()`.
   * @throws {@link GatewayError} `INVALID_OPTIONS`, also for a name that is not written as Discord's are
   */
  onDispatch<T extends EventName>(
    type: T,
    listener: (data: DispatchData<T>, dispatch: Dispatch<T>, shardId: number) => unknown,
    options?: DispatchHandlerOptions<T>,
  ): () => void;
  /** Adds a listener for an event that the types do not know yet. */
  onDispatch(
    type: string,
    listener: (data: unknown, dispatch: Dispatch, shardId: number) => unknown,
    options?: DispatchHandlerOptions,
  ): () => void;
  onDispatch(
    type: string,
    listener: (data: never, dispatch: never, shardId: number) => unknown,
    options?: UntypedHandlerOptions,
  ): () => void {
    return this.#runtime.dispatcher.on(type, listener, options);
  }

  /**
   * Adds a listener. An error that it throws is reported as the fault `LISTENER_THREW`.
   * @throws {@link GatewayError} `INVALID_OPTIONS` for an event that does not exist
   */
  on<Name extends keyof ManagerEvents>(name: Name, listener: (...args: ManagerEvents[Name]) => unknown): this {
    if (name === 'raw') this.#runtime.fleet.enableRaw();
    this.#runtime.emitter.on(name, listener);
    return this;
  }

  /** Adds a listener that is called once. */
  once<Name extends keyof ManagerEvents>(name: Name, listener: (...args: ManagerEvents[Name]) => unknown): this {
    if (name === 'raw') this.#runtime.fleet.enableRaw();
    this.#runtime.emitter.once(name, listener);
    return this;
  }

  /** Removes a listener. */
  off<Name extends keyof ManagerEvents>(name: Name, listener: (...args: ManagerEvents[Name]) => unknown): this {
    this.#runtime.emitter.off(name, listener);
    return this;
  }

  /** Disconnects and keeps the sessions, at the end of an `await using` block. */
  async [Symbol.asyncDispose](): Promise<void> {
    await this.disconnect();
  }

  /** `stopped`, `starting`, `running`, `resharding`, `draining` or `failed`. */
  get state(): ManagerState {
    return this.#runtime.state;
  }

  /** The shards in service, by id; empty until Discord has answered the first `connect()`. */
  get shards(): ReadonlyMap<number, ShardHandle> {
    return this.#runtime.fleet.current?.handles ?? NO_SHARDS;
  }

  /** The bot's user, as Discord sent it last, also after a resume; `null` before the first READY. */
  get user(): BotUser | null {
    return this.#runtime.fleet.bot.user ?? null;
  }

  /** The bot's application, as READY sent it, also after a resume; `null` before the first READY. */
  get application(): BotApplication | null {
    return this.#runtime.fleet.bot.application ?? null;
  }

  /** The shard count of the bot; `null` before the manager knows it. */
  get total(): number | null {
    return this.#runtime.fleet.current?.plan.total ?? null;
  }

  /** The intents, as the bit field that Discord knows. */
  get intents(): number {
    return this.#runtime.options.intents;
  }

  /** The running XState actor, for `waitFor` and inspection. */
  get actor(): ManagerActor {
    return this.#runtime.actor;
  }

  #swallowUnhandled<T>(promise: Promise<T>): Promise<T> {
    return logRejection(promise, this.#runtime.options.logger);
  }
}
