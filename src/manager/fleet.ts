/**
 * The shards of a manager: the set in service, a successor that may take over from it, and retired sets on their way
 * out. It carries out the commands of the manager's statechart and reports the outcome to it as events.
 */
import type { GatewayInfo, ManagerEvent } from '../../machines/index.ts';
import { LazyDispatch } from '../decoding/lazy-dispatch.ts';
import type { IdentifyGate } from '../identify/identify-gate.ts';
import { GatewayError } from '../protocol/errors.ts';
import { Intents } from '../protocol/intents.ts';
import type { Dispatch } from '../protocol/packets.ts';
import type { BotIdentity } from '../session/session.ts';
import type { DisconnectOptions } from '../shard/close-request.ts';
import type { NodeEntry } from '../cluster/node/node-host.ts';
import type { ClusterResharding } from './cluster/cluster-resharding.ts';
import { FleetNode } from './cluster/fleet-node.ts';
import type { FleetNodeOptions } from './cluster/fleet-node.ts';
import type { FleetDispatcher } from './fleet-dispatcher.ts';
import { FleetPresence } from './fleet-presence.ts';
import type { ResolvedManagerOptions } from './manager-options.ts';
import { isRequestedDispatch } from './reshard/hand-over.ts';
import { reshardFailure } from './reshard/reshard-failure.ts';
import { Resharding } from './reshard/resharding.ts';
import type { BufferedSession } from './reshard/session-buffer.ts';
import type { ShardFactory } from './shard-handle.ts';
import { RetiredSets } from './retired-sets.ts';
import { ShardSetFactory } from './shard-set-factory.ts';
import type { ForwardedEvent, ShardSet, ShardSetObserver, ShardSetPlan } from './shard-set.ts';
import { SessionStarts } from './start/session-starts.ts';

export interface FleetDependencies {
  readonly options: ResolvedManagerOptions;
  readonly createShard: ShardFactory;
  readonly dispatcher: FleetDispatcher;
  /** Sends an event to the manager's machine. */
  readonly send: (event: ManagerEvent) => void;
  /** Emits an event of a shard as one of the manager. */
  readonly emitShardEvent: (shardId: number, name: ForwardedEvent, args: readonly unknown[]) => void;
  readonly reportFault: (error: GatewayError, shardId: number | null) => void;
  readonly onProgress: (set: ShardSet) => void;
  /** Called when other shards are in service: at the start, and after resharding. */
  readonly onServiceChange: () => void;
  readonly onResharded: (from: number, to: number) => void;
  readonly emitClusterEvent: FleetNodeOptions['emit'];
}

export class Fleet implements ShardSetObserver {
  readonly #dependencies: FleetDependencies;
  readonly #sessionStarts: SessionStarts;
  readonly #sets: ShardSetFactory;
  /** `null` without the option `engine`. */
  readonly node: FleetNode | null;
  readonly #retired = new RetiredSets();
  #current: ShardSet | null = null;
  #resharding: Resharding | null = null;
  /** The shard count after resharding, in place of the configured one. */
  #reshardedTotal: number | null = null;
  #rawEnabled = false;
  #launchCount = 0;
  readonly presence: FleetPresence;

  constructor(dependencies: FleetDependencies) {
    const { options } = dependencies;
    this.#dependencies = dependencies;
    this.#sessionStarts = new SessionStarts(options, (error) => dependencies.reportFault(error, null));
    this.#sets = new ShardSetFactory({
      ...dependencies,
      observer: this,
      lowestUnpublished: ({ shardId }) => this.node?.lowestUnpublished(shardId) ?? null,
    });
    this.node = this.#createNode();
    this.presence = new FleetPresence(options.presence);
  }

  get gate(): IdentifyGate | null {
    return this.#sessionStarts.gate;
  }

  get current(): ShardSet | null {
    return this.#current;
  }

  /** Who the bot is, as far as a session in service says it. */
  get bot(): BotIdentity {
    const sessions = [...(this.#current?.handles.values() ?? [])].map(({ session }) => session);
    return sessions.find((session) => session?.user !== undefined) ?? {};
  }

  get successor(): ShardSet | null {
    return this.#underWay?.successor ?? null;
  }

  /** The resharding under way, of this manager or of its cluster. */
  get #underWay(): Resharding | ClusterResharding | null {
    return this.node?.resharding.underWay ?? this.#resharding;
  }

  /** Starts the shards in service that are not ready, or a new set where Discord's answer asks for another plan. */
  launch(info: GatewayInfo): void {
    this.#launchCount += 1;
    if (this.node !== null) return this.node.launch(info);
    const { shards } = this.#dependencies.options;
    const wanted = shards === 'auto' ? { total: info.shards, ids: null } : shards;
    const total = this.#reshardedTotal ?? wanted.total;
    const plan = this.#plan(info, total, wanted.ids ?? allIds(total));
    this.#sessionStarts.update(info);
    if (this.#current?.fits(plan) !== true) {
      this.#current?.sessionBuffer.discard();
      this.#current = this.#createShardSet(plan, 'writing');
      this.#dependencies.onServiceChange();
    }
    this.#current.launch(plan.maxConcurrency);
  }

  /** Starts a successor of `total` shards beside the set in service. */
  prepare(info: GatewayInfo, total: number): void {
    const old = this.#current;
    if (old === null) return;
    if (this.node !== null) return this.node.reshard(info, total);
    this.#sessionStarts.update(info);
    const plan = this.#plan(info, total, allIds(total));
    const { options, send } = this.#dependencies;
    const successor = this.#createShardSet(plan, 'buffering');
    this.#resharding = new Resharding({
      old,
      successor,
      clock: options.clock,
      hasGuildsIntent: (options.intents & Intents.Guilds) !== 0,
      send,
      deliver: (entry, dispatch) => this.#deliver(entry, dispatch),
      switchOver: () => {
        this.#switchOver(old, successor);
        for (const id of plan.ids) void this.#sets.store.hold(id).catch(() => undefined);
        for (const id of old.plan.ids) if (!successor.handles.has(id)) void successor.sessionBuffer.clear(id);
      },
    });
    successor.launch(plan.maxConcurrency);
  }

  /** Tries to put the successor in service. */
  handOver(): void {
    void this.#resharding?.tryHandOver();
  }

  /** Puts the successor in service, in one step. */
  #switchOver(old: ShardSet, successor: ShardSet): void {
    const { options, dispatcher } = this.#dependencies;
    this.#current = successor;
    this.#reshardedTotal = successor.plan.total;
    this.#dependencies.onServiceChange();
    successor.setBackPressure(dispatcher.isFull);
    successor.sessionBuffer.commit();
    void this.#retired.retire(old, options.timing.closeTimeoutMs);
    this.#dependencies.onResharded(old.plan.total, successor.plan.total);
  }

  /** Closes the successor. The set in service goes on. */
  discardSuccessor(): void {
    this.node?.cancelReshard();
    const successor = this.#resharding?.cancel() ?? null;
    this.#resharding = null;
    if (successor !== null) void this.#retired.retire(successor, 0);
  }

  /** Closes all shards. Resolves when they are closed; never rejects. */
  async close(closeRequest: DisconnectOptions): Promise<void> {
    const launchCount = this.#launchCount;
    this.discardSuccessor();
    // Without a node the shards close in this turn.
    if (this.node !== null) await this.node.leave(closeRequest);
    await Promise.all([this.#current?.close(closeRequest), this.#retired.close()]);
    // A close that takes too long may end after the next start. And the user may have connected a shard meanwhile.
    if (launchCount === this.#launchCount) await this.#sets.store.release(this.#current?.runningIds);
  }

  forceClose(code?: number): void {
    this.discardSuccessor();
    this.successor?.forceClose(code);
    this.#current?.forceClose(code);
    this.#retired.forceClose();
  }

  setBackPressure(full: boolean): void {
    this.#current?.setBackPressure(full);
  }

  /** Makes a shard leave its connection: there is no room for what it receives. */
  leave(shardId: number): void {
    this.#current?.leave(shardId);
  }

  /** Lets shards that have left return. */
  onRoom(): void {
    this.#current?.onRoom();
    this.successor?.onRoom();
  }

  /** Emits `raw` from now on. */
  enableRaw(): void {
    if (this.#rawEnabled) return;
    this.#rawEnabled = true;
    this.#current?.enableRaw();
    this.successor?.enableRaw();
  }

  onShardEvent(...[set, shardId, name, args]: Parameters<ShardSetObserver['onShardEvent']>): void {
    const [error] = args;
    if (name === 'fault') this.presence.onFault(error, [this.#current, this.successor]);
    if (name === 'disconnected' && set === this.#current) this.node?.onConnectionLost(shardId);
    if (set === this.#current) return this.#dependencies.emitShardEvent(shardId, name, args);
    if (!(error instanceof GatewayError)) return;
    if (name === 'fault') this.#dependencies.reportFault(error, shardId);
    else if (name === 'failed') this.onSharedFailure(set, error);
  }

  onDispatch(set: ShardSet, entry: BufferedSession, dispatch: Dispatch): void {
    if (this.node?.admits(set, entry, dispatch) === false) return;
    const resharding = this.#underWay;
    if (set === this.#current) {
      if (resharding === null) this.#deliver(entry, dispatch);
      else resharding.onOldDispatch(entry, dispatch);
    } else if (resharding !== null && set === resharding.successor) {
      resharding.onSuccessorDispatch(entry, dispatch);
    } else if (isRequestedDispatch(dispatch)) this.#deliver(entry, dispatch);
  }

  onShardChange(set: ShardSet): void {
    this.#underWay?.onShardChange(set);
    if (set === (this.successor ?? this.#current)) this.#dependencies.onProgress(set);
  }

  onSettled(set: ShardSet): void {
    // A node may still get shards that `connect()` waits for.
    if (set === this.#current && this.node?.hasJoined !== false) this.#dependencies.send({ type: 'fleet.settled' });
  }

  onSharedFailure(set: ShardSet, failure: GatewayError): void {
    if (set === this.#current) this.#dependencies.send({ type: 'fleet.failed', failure });
    else if (set === this.successor) {
      const reason = reshardFailure(set.plan.total, failure);
      if (this.node === null) this.#dependencies.send({ type: 'successor.failed', failure: reason });
      else this.node.failReshard(reason);
    }
  }

  onBudgetSpent(retryAfterMs: number): void {
    this.#sessionStarts.onBudgetSpent(retryAfterMs);
  }

  #deliver(entry: BufferedSession, dispatch: Dispatch): void {
    // What a retired shard has asked for belongs to no session in service.
    if (this.#current?.sessionBuffer.has(entry) === true) this.node?.publish(entry, dispatch);
    this.#dependencies.dispatcher.deliver(dispatch, entry);
    if (dispatch.isRestored !== true && !LazyDispatch.isCorrupt(dispatch)) entry.recordDelivered(dispatch.s);
  }

  #plan({ url, sessionStartLimit }: GatewayInfo, total: number, ids: readonly number[]): ShardSetPlan {
    return { total, ids, url, maxConcurrency: sessionStartLimit.maxConcurrency, presence: this.presence.value };
  }

  #createShardSet(plan: ShardSetPlan, mode: 'writing' | 'buffering', own: IdentifyGate | null = null): ShardSet {
    const gate = own ?? this.gate ?? this.#dependencies.options.identifyGate;
    return this.#sets.create(plan, { gate, mode, rawEnabled: this.#rawEnabled });
  }

  /** A set that the node fills. */
  #createNodeSet(info: GatewayInfo, { total, store, gate }: NodeEntry, mode: 'writing' | 'buffering'): ShardSet {
    this.#sets.useStore(store);
    const set = this.#createShardSet(this.#plan(info, total, []), mode, gate);
    set.launch(info.sessionStartLimit.maxConcurrency);
    return set;
  }

  #createNode(): FleetNode | null {
    const { options, dispatcher, emitClusterEvent, ...dependencies } = this.#dependencies;
    const { cluster } = options;
    if (cluster === null) return null;
    return new FleetNode({
      ...dependencies,
      options: { ...options, cluster },
      budget: dispatcher.budget,
      current: () => this.#current,
      enter: (info, entry) => {
        this.#sessionStarts.share(entry.gate);
        this.#current?.sessionBuffer.discard();
        this.#current = this.#createNodeSet(info, entry, 'writing');
        this.#dependencies.onServiceChange();
      },
      prepare: (info, entry) => this.#createNodeSet(info, entry, 'buffering'),
      switchOver: (old, successor, { gate }) => {
        this.#sessionStarts.share(gate);
        this.#switchOver(old, successor);
      },
      discard: (successor) => void this.#retired.retire(successor, 0),
      add: (set, shardId) => {
        const handle = set.add(shardId, this.presence.value);
        if (set === this.#current && dispatcher.isFull) handle.pauseReading();
      },
      deliver: (entry, dispatch) => this.#deliver(entry, dispatch),
      emit: emitClusterEvent,
    });
  }
}

const allIds = (total: number): number[] => Array.from({ length: total }, (_, id) => id);
