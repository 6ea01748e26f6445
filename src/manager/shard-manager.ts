/**
 * The class a bot of many shards uses. It decides nothing itself: calls become events of the state machine, and what
 * the machine and the shards say become events and settled promises.
 */
import type { ManagerState } from '../../machines/index.ts';
import { GatewayError, abortedError } from '../protocol/errors.ts';
import { Opcodes } from '../protocol/opcodes.ts';
import type { Dispatch, DispatchData, EventName, SendPayload } from '../protocol/packets.ts';
import type { SendOptions } from '../shard.ts';
import { resolveClosing } from '../shard/closing.ts';
import type { DisconnectOptions } from '../shard/closing.ts';
import type { DispatchStreamOptions } from '../shard/pull-stream.ts';
import { ManagerCore } from './core.ts';
import type { ShardDispatch } from './fleet-stream.ts';
import type { ManagerActor } from './manager-actor.ts';
import type { ManagerEvents } from './manager-events.ts';
import { checkedTotal, resolveManagerOptions } from './manager-options.ts';
import type { ManagerOptions } from './manager-options.ts';
import { shardStatusesOf } from './manager-status.ts';
import type { ManagerStatus } from './manager-status.ts';
import { budgetOf } from './progress.ts';
import type { ShardHandle } from './shard-handle.ts';
import { shardOfGuild } from './shard-of.ts';

const stopped = (): GatewayError => new GatewayError('STOPPED', 'the manager was stopped');
const notConnected = (what: string): GatewayError => new GatewayError('NOT_CONNECTED', `${what} before connect()`);

/** @see https://discord.com/developers/docs/events/gateway#sharding */
export class ShardManager {
  readonly #core: ManagerCore;

  /** @throws {@link GatewayError} `INVALID_OPTIONS`, saying what is wrong. */
  constructor(options: ManagerOptions) {
    this.#core = new ManagerCore(resolveManagerOptions(options));
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
    return this.#handOut(this.#connect(signal));
  }

  async #connect(signal?: AbortSignal): Promise<void> {
    if (signal?.aborted === true) throw abortedError('connect()', signal);
    const { fleet, readiness } = this.#core;
    const wasRunning = this.state === 'running';
    if (wasRunning && fleet.current?.hasStopped === false) return;
    const ready = readiness.wait(signal, () => {
      // Those that are up must not suffer for those that were to be started again.
      if (!wasRunning && readiness.size === 0 && ['starting', 'draining'].includes(this.state)) void this.disconnect();
    });
    this.#core.send({ type: 'manager.connect' });
    await ready;
  }

  /**
   * Disconnects all shards, and stays so; also those that were started one by one after a stop or a failure. Settles once
   * their sockets are closed and their sessions stored, within `closeTimeoutMs`; never rejects but with `ABORTED` (the
   * sockets are torn down then) or `INVALID_OPTIONS`. By default the sessions are kept, and a later `connect()`, of
   * another process too, resumes them.
   */
  disconnect(options: DisconnectOptions = {}): Promise<void> {
    return this.#handOut(this.#disconnect(options));
  }

  async #disconnect({ signal, ...options }: DisconnectOptions): Promise<void> {
    const core = this.#core;
    core.closing = resolveClosing(options);
    core.stop(stopped());
    core.send({ type: 'manager.disconnect' });
    if (this.state !== 'draining') return;
    await core.departure.wait(signal, () => core.fleet.forceClose(core.closing.code));
  }

  /** Ends everything in this turn, without waiting for anybody: safe in a signal handler. @param code - default 4000 */
  forceClose(code?: number): void {
    this.#core.fleet.forceClose(code);
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
    return this.#handOut(this.#reshard(total, signal));
  }

  async #reshard(total: number, signal?: AbortSignal): Promise<void> {
    checkedTotal(total);
    if (signal?.aborted === true) throw abortedError('reshard()', signal);
    const { resharding, options, fleet } = this.#core;
    const aim = this.#core.actor.getSnapshot().context.total;
    const refuse = (why: string): GatewayError => new GatewayError('RESHARD_REFUSED', `no resharding to ${total}: ${why}`);
    if (options.shards !== 'auto' && options.shards.ids !== null) throw refuse('this manager runs only some of the shards');
    if (this.state === 'resharding' && aim !== total) throw refuse(`one to ${aim} is under way`);
    if (this.state !== 'running' && this.state !== 'resharding') throw refuse(`the manager is ${this.state}`);
    if (this.state === 'running' && fleet.current?.plan.total === total) return;
    const done = resharding.wait(signal, () => {
      if (resharding.size === 0) this.#core.send({ type: 'manager.abandon' });
    });
    if (this.state === 'running') this.#core.send({ type: 'manager.reshard', total });
    await done;
  }

  /** Sends by one shard; see `Shard.send`. Rejects also with `NOT_CONNECTED`, or `INVALID_OPTIONS` for a shard there is not. */
  send(shardId: number, payload: SendPayload, options?: SendOptions): Promise<void> {
    return this.#handOut(this.#send(shardId, payload, options));
  }

  async #send(shardId: number, payload: SendPayload, options?: SendOptions): Promise<void> {
    if (this.#core.fleet.current === null) throw notConnected('send()');
    const shard = this.shards.get(shardId);
    if (shard === undefined) throw new GatewayError('INVALID_OPTIONS', `there is no shard ${shardId} here`);
    await shard.send(payload, options);
  }

  /** Sends by every shard. A presence is also what later shards identify with. Rejects with the first error of any. */
  broadcast(payload: SendPayload): Promise<void> {
    return this.#handOut(this.#broadcast(payload));
  }

  async #broadcast(payload: SendPayload): Promise<void> {
    if (this.#core.fleet.current === null) throw notConnected('broadcast()');
    const sent = [...this.shards.values()].map((shard) => shard.send(payload));
    if (payload.op === Opcodes.PresenceUpdate) this.#core.fleet.presence = structuredClone(payload.d);
    await Promise.all(sent);
  }

  /**
   * The id of the shard that a guild belongs to. @throws {@link GatewayError} `NOT_CONNECTED` before the shard count is
   * known, `INVALID_OPTIONS` for what is no id.
   */
  shardIdFor(guildId: string | bigint): number {
    const { total } = this;
    if (total === null) throw notConnected('shardIdFor()');
    return shardOfGuild(guildId, total);
  }

  /** Everything at this moment, as plain data. */
  status(): ManagerStatus {
    const { fleet, options } = this.#core;
    const { current, successor, gate } = fleet;
    return {
      state: this.state,
      total: this.total,
      ready: current?.readyCount ?? 0,
      shards: current === null ? [] : shardStatusesOf(current, options.clock.now()),
      resharding: successor === null ? null : { total: successor.plan.total, ready: successor.readyCount },
      budget: budgetOf(gate),
    };
  }

  /**
   * Dispatches of all shards from now on, over reconnections and resharding. A consumer that falls behind by
   * `highWaterMark` stops all sockets from being read. Ends with `disconnect()`; throws what the manager failed with, or
   * `ABORTED`.
   */
  dispatches(options?: DispatchStreamOptions): AsyncIterableIterator<ShardDispatch, undefined> & AsyncDisposable {
    return this.#core.dispatcher.stream(options);
  }

  /** Listens to one event of Discord. Gives back the unsubscriber. */
  onDispatch<T extends EventName>(type: T, listener: (data: DispatchData<T>, dispatch: Dispatch<T>, shardId: number) => unknown): () => void;
  /** For events the types do not know yet. */
  onDispatch(type: string, listener: (data: unknown, dispatch: Dispatch, shardId: number) => unknown): () => void;
  onDispatch(type: string, listener: (data: never, dispatch: never, shardId: number) => unknown): () => void {
    return this.#core.dispatcher.on(type, listener);
  }

  on<Name extends keyof ManagerEvents>(name: Name, listener: (...args: ManagerEvents[Name]) => unknown): this {
    this.#hear(name);
    this.#core.emitter.on(name, listener);
    return this;
  }

  once<Name extends keyof ManagerEvents>(name: Name, listener: (...args: ManagerEvents[Name]) => unknown): this {
    this.#hear(name);
    this.#core.emitter.once(name, listener);
    return this;
  }

  off<Name extends keyof ManagerEvents>(name: Name, listener: (...args: ManagerEvents[Name]) => unknown): this {
    this.#core.emitter.off(name, listener);
    return this;
  }

  /** `disconnect()`, with the sessions kept. */
  async [Symbol.asyncDispose](): Promise<void> {
    await this.disconnect();
  }

  get state(): ManagerState {
    return this.#core.state;
  }

  /** The shards in service, by id; empty before the first `connect()` has an answer of Discord. */
  get shards(): ReadonlyMap<number, ShardHandle> {
    return this.#core.fleet.current?.handles ?? NO_SHARDS;
  }

  /** The shard count of the bot; `null` before it is known. */
  get total(): number | null {
    return this.#core.fleet.current?.plan.total ?? null;
  }

  /** The running XState actor, for `waitFor` and inspection. */
  get actor(): ManagerActor {
    return this.#core.actor;
  }

  #hear(name: keyof ManagerEvents): void {
    if (name !== 'raw' || this.#core.hearsRaw) return;
    this.#core.hearsRaw = true;
    this.#core.fleet.hearRaw();
  }

  /** A rejection that nobody looks at must not end the process. */
  #handOut<T>(promise: Promise<T>): Promise<T> {
    promise.catch((error: unknown) => this.#core.options.logger.debug(String(error)));
    return promise;
  }
}

const NO_SHARDS: ReadonlyMap<number, ShardHandle> = new Map();
