/**
 * One manager under observation: its state and its chart, and its shards, which are put on show, replaced and taken
 * away as they come into service and leave it.
 */
import type { AnyMachineSnapshot } from 'xstate';
import type { ManagerState } from '../../machines/index.ts';
import type { InspectedManager } from '../manager/inspected-manager.ts';
import type { ManagerEvents } from '../manager/manager-events.ts';
import type { ShardHandle } from '../manager/shard-handle.ts';
import type { Entry, ManagerSummary, ShardDetail } from './messages.ts';
import type { Fresh, Subject } from './probe.ts';
import { shownShardOf } from './shown-shard.ts';
import type { ShownShard } from './shown-shard.ts';
import { activeIn } from './steps.ts';
import { Watch } from './watch.ts';
import type { WatchHost } from './watch.ts';

const NOTHING: Fresh = { states: [], marks: [], beats: [] };

export interface ManagerProbeHost extends WatchHost {
  log(entry: Entry): void;
  /** Puts a shard on show; in the place of another when there is a key. */
  show(shard: ShownShard, key?: string): Shown;
}

/** A shard on show. */
export interface Shown {
  readonly key: string;
  readonly remove: () => void;
}

export class ManagerProbe implements Subject {
  readonly key: string;
  readonly #manager: InspectedManager;
  readonly #host: ManagerProbeHost;
  readonly #watch: Watch;
  readonly #shown = new Map<number, Shown & { readonly handle: ShardHandle }>();
  readonly #releases: (() => void)[] = [];
  #state: ManagerState;
  #since: number;

  constructor(key: string, manager: InspectedManager, host: ManagerProbeHost) {
    this.key = key;
    this.#manager = manager;
    this.#host = host;
    this.#watch = new Watch(host);
    this.#state = manager.state;
    this.#since = host.now();
    const subscription = manager.actor.subscribe({ next: () => this.#follow(), error: () => this.#follow() });
    this.#releases.push(() => subscription.unsubscribe(), manager.onService(() => this.#sync()));
    this.#on('fault', (error, shardId) => {
      if (shardId === null) this.#log('fault', `${error.code}: ${error.message}`);
    });
    this.#on('failed', (error, shardId) => {
      if (shardId === null) this.#log('failed', `${error.code}: ${error.message}`);
    });
    this.#on('resharded', ({ from, to }) => this.#log('notice', `${to} shards have taken over from ${from}`));
    this.#sync();
  }

  get summary(): ManagerSummary {
    const { state, total, ready, shards, resharding } = this.#manager;
    return { key: this.key, state, since: this.#since, total, ready, shards: shards.size, resharding };
  }

  get identifyQueue(): InspectedManager['identifyQueue'] {
    return this.#manager.identifyQueue;
  }

  get detail(): ShardDetail {
    const { actor } = this.#manager;
    const chart = (actor.getSnapshot() as AnyMachineSnapshot).machine.id;
    return { key: this.key, chart, active: activeIn(actor), states: [], marks: [], beats: [] };
  }

  takeFresh(): Fresh {
    return NOTHING;
  }

  watch(): void {
    if (this.#watch.begin()) this.#watch.follow(this.#manager.actor);
  }

  unwatch(): void {
    this.#watch.end();
  }

  /** Lets go of the manager. What is shown of its shards is the host's. */
  close(): void {
    this.#watch.close();
    for (const release of this.#releases) release();
  }

  #follow(): void {
    const { state } = this.#manager;
    if (state === this.#state) return;
    const from = this.#state;
    this.#state = state;
    this.#since = this.#host.now();
    this.#log('state', `${from} → ${state}`);
  }

  /** Shows the shards in service, and no others. */
  #sync(): void {
    const { shards } = this.#manager;
    for (const [shardId, handle] of shards) {
      const before = this.#shown.get(shardId);
      if (before?.handle === handle) continue;
      this.#shown.set(shardId, { ...this.#host.show(shownShardOf(handle), before?.key), handle });
    }
    for (const [shardId, shown] of this.#shown) {
      if (shards.has(shardId)) continue;
      shown.remove();
      this.#shown.delete(shardId);
    }
  }

  #log(kind: Entry['kind'], text: string): void {
    this.#host.log({ at: this.#host.now(), kind, text });
  }

  #on<Name extends keyof ManagerEvents>(name: Name, listener: (...args: ManagerEvents[Name]) => void): void {
    this.#manager.on(name, listener);
    this.#releases.push(() => this.#manager.off(name, listener));
  }
}
