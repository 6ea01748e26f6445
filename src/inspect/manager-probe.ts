/**
 * Observes one manager: logs its states and faults, and keeps the registry in step with the shards it has in service.
 */
import type { AnyMachineSnapshot } from 'xstate';
import type { ManagerState } from '../../machines/index.ts';
import type { InspectedManager } from '../manager/inspected-manager.ts';
import type { ManagerEvents } from '../manager/manager-events.ts';
import type { ShardHandle } from '../manager/shard-handle.ts';
import { ClusterProbe } from './cluster-probe.ts';
import type { NewLogEntry, ManagerSummary, ShardDetail } from './messages.ts';
import { NO_UPDATES } from './inspectable.ts';
import type { DetailUpdates, Inspectable } from './inspectable.ts';
import { ListenerSet } from './listener-set.ts';
import { shardViewOf } from './shard-view.ts';
import type { InspectedShardView } from './shard-view.ts';
import { activeStatesOf, stepsOfActor } from '../shard/machine-steps.ts';
import { DetailSubscription } from './detail-subscription.ts';
import type { DetailSubscriptionDependencies } from './detail-subscription.ts';

export interface ManagerProbeDependencies extends DetailSubscriptionDependencies {
  log(entry: NewLogEntry): void;
  /** Adds a shard. With `replacedKey`, it takes the place of the shard under that key. */
  addShard(shard: InspectedShardView, replacedKey?: string): ShardRegistration;
}

/** A shard that the registry shows. */
export interface ShardRegistration {
  readonly key: string;
  readonly remove: () => void;
}

export class ManagerProbe implements Inspectable {
  readonly key: string;
  readonly #manager: InspectedManager;
  readonly #dependencies: ManagerProbeDependencies;
  readonly #subscription: DetailSubscription;
  readonly #registrations = new Map<number, ShardRegistration & { readonly handle: ShardHandle }>();
  readonly #listeners: ListenerSet<ManagerEvents>;
  readonly #cluster: ClusterProbe;
  /** Whether it has ever been a node, so that pages have to learn that it is none now. */
  #hasCluster = false;
  #state: ManagerState;
  #since: number;

  constructor(key: string, manager: InspectedManager, dependencies: ManagerProbeDependencies) {
    this.key = key;
    this.#manager = manager;
    this.#dependencies = dependencies;
    this.#subscription = new DetailSubscription(dependencies);
    this.#listeners = new ListenerSet(manager);
    this.#cluster = new ClusterProbe({
      manager,
      now: () => dependencies.now(),
      running: () => [...this.#registrations.values()].map(({ key: shard }) => shard),
    });
    this.#state = manager.state;
    this.#since = dependencies.now();
    const subscription = manager.actor.subscribe({
      next: () => this.#onStateChange(),
      error: () => this.#onStateChange(),
    });
    this.#listeners.addRemover(
      () => subscription.unsubscribe(),
      manager.onServiceChange(() => this.#syncShards()),
    );
    this.#listeners.on('fault', (error, shardId) => {
      if (shardId === null) this.#log('fault', `${error.code}: ${error.message}`);
    });
    this.#listeners.on('failed', (error, shardId) => {
      if (shardId === null) this.#log('failed', `${error.code}: ${error.message}`);
    });
    this.#listeners.on('claimed', (shardId) => this.#onClusterChange(`claimed shard ${shardId}`));
    this.#listeners.on('released', (shardId, why) => this.#onClusterChange(`released shard ${shardId}: ${why}`));
    this.#listeners.on('nodeJoined', ({ node }) => this.#onClusterChange(`the node ${node} has joined`));
    this.#listeners.on('nodeLeft', ({ node }) => this.#onClusterChange(`the node ${node} has left`));
    this.#listeners.on('resharded', ({ from, to }) => this.#log('notice', `resharded from ${from} to ${to} shards`));
    this.#syncShards();
  }

  get summary(): ManagerSummary {
    const { state, total, ready, shards, resharding } = this.#manager;
    const summary = { key: this.key, state, since: this.#since, total, ready, shards: shards.size, resharding };
    const cluster = this.#cluster.summary;
    this.#hasCluster ||= cluster !== null;
    return this.#hasCluster ? { ...summary, cluster } : summary;
  }

  get identifyQueue(): InspectedManager['identifyQueue'] {
    return this.#manager.identifyQueue;
  }

  get detail(): ShardDetail {
    const { actor } = this.#manager;
    const chart = (actor.getSnapshot() as AnyMachineSnapshot).machine.id;
    return { key: this.key, chart, active: activeStatesOf(actor), states: [], marks: [], heartbeats: [] };
  }

  consumeUpdates(): DetailUpdates {
    return NO_UPDATES;
  }

  /** Asks for the groups of consumers, now and then. To be called while a page is open. */
  pollGroups(): void {
    this.#cluster.pollGroups();
  }

  subscribe(): void {
    if (this.#subscription.addSubscriber()) this.#subscription.observe(stepsOfActor(this.#manager.actor));
  }

  unsubscribe(): void {
    this.#subscription.removeSubscriber();
  }

  /** Stops observing the manager. The registry closes the probes of its shards. */
  close(): void {
    this.#subscription.close();
    this.#listeners.removeAll();
  }

  #onClusterChange(text: string): void {
    this.#cluster.invalidate();
    this.#log('notice', text);
  }

  #onStateChange(): void {
    const { state } = this.#manager;
    if (state === this.#state) return;
    const from = this.#state;
    this.#state = state;
    this.#since = this.#dependencies.now();
    this.#log('state', `${from} → ${state}`);
  }

  /** Adds shards that came into service and removes those that left it. */
  #syncShards(): void {
    this.#cluster.invalidate();
    const { shards } = this.#manager;
    for (const [shardId, handle] of shards) {
      const previous = this.#registrations.get(shardId);
      if (previous?.handle === handle) continue;
      this.#registrations.set(shardId, { ...this.#dependencies.addShard(shardViewOf(handle), previous?.key), handle });
    }
    for (const [shardId, registration] of this.#registrations) {
      if (shards.has(shardId)) continue;
      registration.remove();
      this.#registrations.delete(shardId);
    }
  }

  #log(kind: NewLogEntry['kind'], text: string): void {
    this.#dependencies.log({ at: this.#dependencies.now(), kind, text });
  }
}
