/**
 * The node of a manager with the option `engine`: passes commands between the fleet and the node, which decides which
 * shards run here. The code of the node is loaded when the first `connect()` needs it.
 */
import type { GatewayInfo, ManagerEvent, ShardTiming } from '../../../machines/index.ts';
import type { Clock } from '../../clock.ts';
import type { CommandClient } from '../../cluster/commands/command-client.ts';
import type { ClusterNode } from '../../cluster/node/cluster-node.ts';
import type {
  ClusterStatus,
  GroupStatus,
  NodeEntry,
  NodeHost,
  NodeShard,
  ReleaseReason,
} from '../../cluster/node/node-host.ts';
import { GatewayError } from '../../protocol/errors.ts';
import type { Dispatch } from '../../protocol/packets.ts';
import type { BufferBudget } from '../../shard/buffer-budget.ts';
import type { DisconnectOptions } from '../../shard/close-request.ts';
import type { Logger } from '../../shard/logger.ts';
import type { BufferedSession } from '../reshard/session-buffer.ts';
import type { ManagerEvents } from '../manager-events.ts';
import type { ResolvedManagerOptions } from '../manager-options.ts';
import { NO_SHARDS } from '../shard-handle.ts';
import type { ShardSet } from '../shard-set.ts';
import { FleetResharding } from './fleet-resharding.ts';
import { HeldBack } from './held-back.ts';

type ClusterEvent = 'claimed' | 'released' | 'nodeJoined' | 'nodeLeft';

export interface FleetNodeOptions {
  readonly options: ResolvedManagerOptions & { readonly cluster: NonNullable<ResolvedManagerOptions['cluster']> };
  readonly budget: BufferBudget;
  readonly current: () => ShardSet | null;
  /** Creates the set of shards that the node fills, and puts it in service. */
  readonly enter: (info: GatewayInfo, entry: NodeEntry) => void;
  /** Creates a set that is not in service, and that the node fills. */
  readonly prepare: (info: GatewayInfo, entry: NodeEntry) => ShardSet;
  /** Puts a set in service in place of another one. */
  readonly switchOver: (old: ShardSet, successor: ShardSet, entry: NodeEntry) => void;
  readonly discard: (successor: ShardSet) => void;
  /** Creates a shard in a set, and connects it. */
  readonly add: (set: ShardSet, shardId: number) => void;
  readonly deliver: (entry: BufferedSession, dispatch: Dispatch) => void;
  readonly send: (event: ManagerEvent) => void;
  readonly emit: <Name extends ClusterEvent>(name: Name, ...args: ManagerEvents[Name]) => void;
  readonly reportFault: (error: GatewayError, shardId: number | null) => void;
  readonly onServiceChange: () => void;
}

export class FleetNode implements NodeHost {
  readonly #options: FleetNodeOptions;
  readonly #heldBack: HeldBack;
  readonly resharding: FleetResharding;
  /** `null` before the first `connect()`, and after the node has left. */
  #node: ClusterNode | null = null;
  #info: GatewayInfo | null = null;
  /** Whether the node has joined, and has started what it holds by then. */
  #hasJoined = false;
  #closeRequest: DisconnectOptions = {};
  /** The generation of shards in service. */
  #inService = 0;
  /** Grows with each launch and each end, so that a node that is loaded late is not started. */
  #launches = 0;

  constructor(options: FleetNodeOptions) {
    this.#options = options;
    this.#heldBack = new HeldBack({ current: options.current, deliver: options.deliver });
    this.resharding = new FleetResharding({
      ...options,
      info: () => this.#info,
      succession: () => this.#node?.succession ?? null,
      deliver: (entry, dispatch) => {
        const isHere = options.current()?.sessionBuffer.has(entry) === true;
        if (isHere && !this.#heldBack.take(entry, dispatch)) options.deliver(entry, dispatch);
      },
      leaveOut: (entry, dispatch) => this.#leaveOut(entry, dispatch),
      switchOver: (old, successor, entry) => {
        this.#inService = entry.generation;
        options.switchOver(old, successor, entry);
        for (const shardId of old.handles.keys()) this.#options.emit('released', shardId, 'handoff');
        for (const shardId of successor.handles.keys()) this.#options.emit('claimed', shardId);
      },
    });
    options.options.cluster.clock.guard(() => this.#node?.checkFreeze());
  }

  get clock(): Clock {
    return this.#options.options.clock;
  }

  get random(): () => number {
    return this.#options.options.random;
  }

  get logger(): Logger {
    return this.#options.options.logger;
  }

  get timing(): ShardTiming {
    return this.#options.options.timing;
  }

  get budget(): BufferBudget {
    return this.#options.budget;
  }

  get shards(): ReadonlyMap<number, NodeShard> {
    return this.#options.current()?.handles ?? NO_SHARDS;
  }

  get status(): ClusterStatus | null {
    return this.#node?.status ?? null;
  }

  /** Resolves with the groups of consumers. Rejects as calls of the engine do. */
  async readGroups(): Promise<readonly GroupStatus[]> {
    return this.#node === null ? [] : this.#node.readGroups();
  }

  /** Sends commands to the shards of other nodes; `null` before the engine is open, and after the node has left. */
  get commands(): CommandClient | null {
    return this.#node?.commands ?? null;
  }

  /** Whether the shards that have settled are those that `connect()` waits for. */
  get hasJoined(): boolean {
    return this.#hasJoined;
  }

  /** Joins the cluster. A node that has joined already starts those of its shards that have failed. */
  launch(info: GatewayInfo): void {
    this.#info = info;
    if (this.#node !== null && this.#hasJoined) {
      this.#options.current()?.launch(info.sessionStartLimit.maxConcurrency);
      return;
    }
    this.#launches += 1;
    void this.#start(info, this.#launches);
  }

  async #start(info: GatewayInfo, launch: number): Promise<void> {
    const { options } = this.#options;
    const { shards, cluster, reserve } = options;
    const { total, ids } = shards === 'auto' ? { total: info.shards, ids: null } : shards;
    try {
      const { ClusterNode } = await import('../../cluster/node/cluster-node.ts');
      if (launch !== this.#launches) return;
      this.#node = new ClusterNode({
        host: this,
        engine: cluster.engine,
        name: cluster.node,
        publish: cluster.publish,
        maxMovesPerSecond: cluster.maxMovesPerSecond,
        total,
        ids,
        sessionStartLimit: info.sessionStartLimit,
        reserve,
      });
      this.#node.start();
    } catch (cause) {
      this.onFailed(new GatewayError('INTERNAL_ERROR', 'the node could not be started', { cause }));
    }
  }

  /** Hands the shards over, and leaves the cluster. Never rejects. */
  async leave(closeRequest: DisconnectOptions): Promise<void> {
    this.#launches += 1;
    this.#closeRequest = closeRequest;
    const node = this.#node;
    await node?.leave();
    if (this.#node === node) this.#node = null;
    this.#hasJoined = false;
    this.#closeRequest = {};
    this.#heldBack.drop();
  }

  /** Returns whether a dispatch may be delivered now. If not, it is kept until that is known. */
  admits(set: ShardSet, entry: BufferedSession, dispatch: Dispatch): boolean {
    this.#node?.checkFreeze();
    // A shard that this node no longer has may still have had something to say.
    if (!set.sessionBuffer.has(entry)) return false;
    if (set !== this.#options.current()) return true;
    if (this.resharding.wasDelivered(entry, dispatch)) {
      this.#leaveOut(entry, dispatch);
      return false;
    }
    return !this.#heldBack.take(entry, dispatch);
  }

  /**
   * The shards that were in service before have delivered a dispatch: it only moves the session on, so that no next owner gets
   * it again. What is held back comes before it, and the session moves with what comes after.
   */
  #leaveOut(entry: BufferedSession, dispatch: Dispatch): void {
    const isHere = this.#options.current()?.sessionBuffer.has(entry) === true;
    if (!isHere || this.#heldBack.isHolding) return;
    this.#node?.publish(entry.shardId, entry.session, dispatch, 'position');
    entry.recordDelivered(dispatch.s);
  }

  /** Passes a dispatch to the publisher, before the listeners get it. */
  publish(entry: BufferedSession, dispatch: Dispatch): void {
    if (dispatch.isRestored !== true) this.#node?.publish(entry.shardId, entry.session, dispatch);
  }

  lowestUnpublished(shardId: number): number | null {
    return this.#node?.lowestUnpublished(shardId) ?? null;
  }

  /** A shard has lost its connection, and would resume. */
  onConnectionLost(shardId: number): void {
    this.#node?.onConnectionLost(shardId);
  }

  /** Begins to reshard the cluster. */
  reshard(info: GatewayInfo, total: number): void {
    this.#info = info;
    this.#node?.reshard(total, info.sessionStartLimit);
  }

  /** Gives up a resharding that this manager has begun. */
  cancelReshard(): void {
    this.#node?.succession?.cancel();
  }

  /** The shards of the next generation can't be started. */
  failReshard(failure: GatewayError): void {
    this.#node?.succession?.fail(failure);
  }

  startShard(shardId: number, generation: number): void {
    const set = this.#setOf(generation);
    if (set === null) return;
    this.#options.add(set, shardId);
    this.#options.onServiceChange();
  }

  async stopShard(shardId: number, why: ReleaseReason, generation: number): Promise<void> {
    // A node that goes on delivers what it has received. One that stops may end before it has.
    const pending = why === 'handoff' || this.#options.options.cluster.publish !== null ? 'keep' : 'drop';
    await this.#setOf(generation)?.remove(shardId, this.#closeRequest, pending);
    this.#options.onServiceChange();
  }

  dropShard(shardId: number, generation: number): void {
    this.#setOf(generation)?.drop(shardId);
    this.#options.onServiceChange();
  }

  rewindShard(shardId: number, sequence: number): void {
    this.#options.current()?.handles.get(shardId)?.rewind(sequence);
  }

  setSuspended(isSuspended: boolean): void {
    if (!isSuspended) return this.#heldBack.end();
    const text = 'the process did not run for longer than leaseTtlMs: other nodes may have its shards';
    this.reportFault(new GatewayError('FENCED', text), null);
    this.#heldBack.begin();
  }

  reportFault(error: GatewayError, shardId: number | null): void {
    this.#options.reportFault(error, shardId);
  }

  onEntered(entry: NodeEntry): void {
    this.#inService = entry.generation;
    this.resharding.onEntered(entry);
    if (this.#info !== null) this.#options.enter(this.#info, entry);
  }

  onJoined(): void {
    this.#hasJoined = true;
    if (this.#options.current()?.isSettled === true) this.#options.send({ type: 'fleet.settled' });
  }

  onFailed(failure: GatewayError): void {
    this.#options.send({ type: 'fleet.failed', failure });
  }

  onClaimed(shardId: number, generation: number): void {
    if (generation === this.#inService) this.#options.emit('claimed', shardId);
  }

  onReleased(shardId: number, why: ReleaseReason, generation: number): void {
    if (generation === this.#inService) this.#options.emit('released', shardId, why);
  }

  onNodeJoined(node: string): void {
    this.#options.emit('nodeJoined', { node });
  }

  onNodeLeft(node: string): void {
    this.#options.emit('nodeLeft', { node });
  }

  #setOf(generation: number): ShardSet | null {
    if (generation === this.#inService) return this.#options.current();
    const { underWay } = this.resharding;
    return underWay?.generation === generation ? underWay.successor : null;
  }
}
