/**
 * The class a bot of many shards uses. It decides nothing itself: calls become events of the state machine, and what
 * the machine and the shards say become events and settled promises.
 */
import type { ManagerState } from '../../machines/index.ts';
import { GatewayError, abortedError } from '../protocol/errors.ts';
import { Opcodes } from '../protocol/opcodes.ts';
import type { Dispatch, DispatchData, EventName, SendPayload } from '../protocol/packets.ts';
import type { SendOptions } from '../shard/command-sender.ts';
import { resolveCloseRequest } from '../shard/close-request.ts';
import type { DisconnectOptions } from '../shard/close-request.ts';
import { logRejection } from '../shard/logger.ts';
import type { DispatchStreamOptions } from '../shard/pull-stream.ts';
import { ManagerRuntime } from './manager-runtime.ts';
import type { ShardDispatch } from './fleet-stream.ts';
import type { ManagerActor } from './manager-actor.ts';
import type { ManagerEvents } from './manager-events.ts';
import { checkedTotal, resolveManagerOptions } from './manager-options.ts';
import type { ManagerOptions } from './manager-options.ts';
import { shardStatusesOf } from './manager-status.ts';
import type { ManagerStatus } from './manager-status.ts';
import type { ShardHandle } from './shard-handle.ts';
import { shardIdForGuild } from './guild-sharding.ts';

const stoppedError = (): GatewayError => new GatewayError('STOPPED', 'the manager was stopped');
const notConnectedError = (what: string): GatewayError => new GatewayError('NOT_CONNECTED', `${what} before connect()`);

/** @see https://discord.com/developers/docs/events/gateway#sharding */
export class ShardManager {
  readonly #runtime: ManagerRuntime;

  /** @throws {@link GatewayError} `INVALID_OPTIONS`, saying what is wrong. */
  constructor(options: ManagerOptions) {
    this.#runtime = new ManagerRuntime(resolveManagerOptions(options));
  }

  /**
   * Asks Discord where and how fast to connect and brings all shards up: those with a stored session at once, the
   * others bucket by bucket. Settles when all are ready; calls join each other, and one during `draining` follows it.
   * When some have failed, it starts those again.
   *
   * Rejects with the error of a shard that has failed for good, once the others are ready; with what has ended all
   * shards, `STOPPED` when they are disconnected meanwhile, or `ABORTED`. The signal of the last one waiting also ends
   * the attempt.
   */
  connect({ signal }: { signal?: AbortSignal } = {}): Promise<void> {
    return this.#swallowUnhandled(this.#connect(signal));
  }

  async #connect(signal?: AbortSignal): Promise<void> {
    if (signal?.aborted === true) throw abortedError('connect()', signal);
    const { fleet, readyWaiters } = this.#runtime;
    const wasRunning = this.state === 'running';
    if (wasRunning && fleet.current?.hasStopped === false) return;
    const ready = readyWaiters.wait(signal, () => {
      // Those that are up must not suffer for those that were to be started again.
      if (!wasRunning && readyWaiters.size === 0 && ['starting', 'draining'].includes(this.state))
        void this.disconnect();
    });
    this.#runtime.send({ type: 'manager.connect' });
    await ready;
  }

  /**
   * Disconnects all shards, and stays so; also those that were started one by one after a stop or a failure. Settles once
   * their sockets are closed and their sessions stored, within `closeTimeoutMs`; never rejects but with `ABORTED` (the
   * sockets are torn down then) or `INVALID_OPTIONS`. By default the sessions are kept, and a later `connect()`, of
   * another process too, resumes them.
   */
  disconnect(options: DisconnectOptions = {}): Promise<void> {
    return this.#swallowUnhandled(this.#disconnect(options));
  }

  async #disconnect({ signal, ...options }: DisconnectOptions): Promise<void> {
    const runtime = this.#runtime;
    runtime.closeRequest = resolveCloseRequest(options);
    runtime.rejectWaiters(stoppedError());
    runtime.send({ type: 'manager.disconnect' });
    if (this.state !== 'draining') return;
    await runtime.closedWaiters.wait(signal, () => runtime.fleet.forceClose(runtime.closeRequest.code));
  }

  /** Ends everything in this turn, without waiting for anybody: safe in a signal handler. @param code - default 4000 */
  forceClose(code?: number): void {
    this.#runtime.fleet.forceClose(code);
    void this.disconnect();
  }

  /**
   * Replaces the shards by `total` others: they identify beside the old ones, which stay in service until all are
   * ready, and take over in one step. No event is lost, none is handed out twice; `docs/manager.md` says how. Settles
   * when they have. The signal gives it up.
   *
   * Rejects with `RESHARD_REFUSED`, `IDENTIFY_BUDGET_SPENT` when there is no session start for each, `INVALID_SHARD`
   * when Discord does not take the count, what `GET /gateway/bot` failed with, `STOPPED`, or `ABORTED`. The old shards
   * are in service then as before.
   */
  reshard(total: number, { signal }: { signal?: AbortSignal } = {}): Promise<void> {
    return this.#swallowUnhandled(this.#reshard(total, signal));
  }

  async #reshard(total: number, signal?: AbortSignal): Promise<void> {
    checkedTotal(total);
    if (signal?.aborted === true) throw abortedError('reshard()', signal);
    const { reshardWaiters, options, fleet } = this.#runtime;
    const targetTotal = this.#runtime.actor.getSnapshot().context.targetTotal;
    const refuse = (why: string): GatewayError =>
      new GatewayError('RESHARD_REFUSED', `no resharding to ${total}: ${why}`);
    if (options.shards !== 'auto' && options.shards.ids !== null)
      throw refuse('this manager runs only some of the shards');
    if (this.state === 'resharding' && targetTotal !== total) throw refuse(`one to ${targetTotal} is under way`);
    if (this.state !== 'running' && this.state !== 'resharding') throw refuse(`the manager is ${this.state}`);
    if (this.state === 'running' && fleet.current?.plan.total === total) return;
    const done = reshardWaiters.wait(signal, () => {
      if (reshardWaiters.size === 0) this.#runtime.send({ type: 'manager.cancelReshard' });
    });
    if (this.state === 'running') this.#runtime.send({ type: 'manager.reshard', total });
    await done;
  }

  /** Sends by one shard; see `Shard.send`. Rejects also with `NOT_CONNECTED`, or `INVALID_OPTIONS` for a shard there is not. */
  send(shardId: number, payload: SendPayload, options?: SendOptions): Promise<void> {
    return this.#swallowUnhandled(this.#send(shardId, payload, options));
  }

  async #send(shardId: number, payload: SendPayload, options?: SendOptions): Promise<void> {
    if (this.#runtime.fleet.current === null) throw notConnectedError('send()');
    const shard = this.shards.get(shardId);
    if (shard === undefined) throw new GatewayError('INVALID_OPTIONS', `there is no shard ${shardId} here`);
    await shard.send(payload, options);
  }

  /** Sends by every shard. A presence is also what later shards identify with. Rejects with the first error of any. */
  broadcast(payload: SendPayload): Promise<void> {
    return this.#swallowUnhandled(this.#broadcast(payload));
  }

  async #broadcast(payload: SendPayload): Promise<void> {
    if (this.#runtime.fleet.current === null) throw notConnectedError('broadcast()');
    const sent = [...this.shards.values()].map((shard) => shard.send(payload));
    if (payload.op === Opcodes.PresenceUpdate) this.#runtime.fleet.presence = structuredClone(payload.d);
    await Promise.all(sent);
  }

  /**
   * The id of the shard that a guild belongs to. @throws {@link GatewayError} `NOT_CONNECTED` before the shard count is
   * known, `INVALID_OPTIONS` for what is no id.
   */
  shardIdFor(guildId: string | bigint): number {
    const { total } = this;
    if (total === null) throw notConnectedError('shardIdFor()');
    return shardIdForGuild(guildId, total);
  }

  /** Everything at this moment, as plain data. */
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
    };
  }

  /**
   * Dispatches of all shards from now on, over reconnections and resharding. A consumer that falls behind by
   * `highWaterMark` stops all sockets from being read. Ends with `disconnect()`; throws what the manager failed with, or
   * `ABORTED`.
   */
  dispatches(options?: DispatchStreamOptions): AsyncIterableIterator<ShardDispatch, undefined> & AsyncDisposable {
    return this.#runtime.dispatcher.stream(options);
  }

  /** Listens to one event of Discord. Gives back the unsubscriber. */
  onDispatch<T extends EventName>(
    type: T,
    listener: (data: DispatchData<T>, dispatch: Dispatch<T>, shardId: number) => unknown,
  ): () => void;
  /** For events the types do not know yet. */
  onDispatch(type: string, listener: (data: unknown, dispatch: Dispatch, shardId: number) => unknown): () => void;
  onDispatch(type: string, listener: (data: never, dispatch: never, shardId: number) => unknown): () => void {
    return this.#runtime.dispatcher.on(type, listener);
  }

  on<Name extends keyof ManagerEvents>(name: Name, listener: (...args: ManagerEvents[Name]) => unknown): this {
    this.#enableRawFor(name);
    this.#runtime.emitter.on(name, listener);
    return this;
  }

  once<Name extends keyof ManagerEvents>(name: Name, listener: (...args: ManagerEvents[Name]) => unknown): this {
    this.#enableRawFor(name);
    this.#runtime.emitter.once(name, listener);
    return this;
  }

  off<Name extends keyof ManagerEvents>(name: Name, listener: (...args: ManagerEvents[Name]) => unknown): this {
    this.#runtime.emitter.off(name, listener);
    return this;
  }

  /** `disconnect()`, with the sessions kept. */
  async [Symbol.asyncDispose](): Promise<void> {
    await this.disconnect();
  }

  get state(): ManagerState {
    return this.#runtime.state;
  }

  /** The shards in service, by id; empty before the first `connect()` has an answer of Discord. */
  get shards(): ReadonlyMap<number, ShardHandle> {
    return this.#runtime.fleet.current?.handles ?? NO_SHARDS;
  }

  /** The shard count of the bot; `null` before it is known. */
  get total(): number | null {
    return this.#runtime.fleet.current?.plan.total ?? null;
  }

  /** The running XState actor, for `waitFor` and inspection. */
  get actor(): ManagerActor {
    return this.#runtime.actor;
  }

  #enableRawFor(name: keyof ManagerEvents): void {
    if (name === 'raw') this.#runtime.fleet.enableRaw();
  }

  #swallowUnhandled<T>(promise: Promise<T>): Promise<T> {
    return logRejection(promise, this.#runtime.options.logger);
  }
}

const NO_SHARDS: ReadonlyMap<number, ShardHandle> = new Map();
