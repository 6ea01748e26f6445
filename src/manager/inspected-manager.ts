/**
 * The view that an inspector has of a manager: its actor, its shards, and a few numbers that are read on demand. An
 * observer with `attachManager` is given this view; any other observer is given each shard.
 */
import type { AnyActorRef } from 'xstate';
import type { ManagerState } from '../../machines/index.ts';
import type { ClusterStatus, GroupStatus } from '../cluster/node/node-host.ts';
import { inspectIdentifyGate } from '../identify/identify-gate.ts';
import type { IdentifyGate, IdentifyQueue } from '../identify/identify-gate.ts';
import { isThenable } from '../shard/emitter.ts';
import type { Emitter } from '../shard/emitter.ts';
import type { InspectionObserver } from '../shard/inspected-shard.ts';
import type { ManagerEvents } from './manager-events.ts';
import { NO_SHARDS } from './shard-handle.ts';
import type { ShardHandle } from './shard-handle.ts';

/** What an inspector may see of a manager. Each property is read when it is accessed. */
export interface InspectedManager {
  readonly state: ManagerState;
  /** The shard count of the bot; `null` before the manager knows it. */
  readonly total: number | null;
  /** The number of shards in service that are ready. */
  readonly ready: number;
  /** The shards in service, by id. */
  readonly shards: ReadonlyMap<number, ShardHandle>;
  /** During `reshard()`, the shards that are to take over; otherwise `null`. */
  readonly resharding: { readonly total: number; readonly ready: number } | null;
  /** `null` for an identify gate without `waiting` and `budget`. */
  readonly identifyQueue: IdentifyQueue | null;
  /** The nodes of the cluster, as this node saw them last; `null` without the option `engine`. */
  readonly cluster: ClusterStatus | null;
  /** Asks the engine how far the groups of consumers have come. Rejects while it can't be reached. */
  readGroups(): Promise<readonly GroupStatus[]>;
  readonly actor: AnyActorRef;
  on<Name extends keyof ManagerEvents>(name: Name, listener: (...args: ManagerEvents[Name]) => unknown): void;
  off<Name extends keyof ManagerEvents>(name: Name, listener: (...args: ManagerEvents[Name]) => unknown): void;
  /** Calls `listener` when other shards are in service. Returns a function that removes it. */
  onServiceChange(listener: () => void): () => void;
}

/** An XState observer. With the method `attachManager` it is also given the manager and its shards. */
export type ManagerInspectionObserver = InspectionObserver & {
  attachManager?: (manager: InspectedManager) => void;
};

interface InspectedShardSet {
  readonly plan: { readonly total: number };
  readonly readyCount: number;
  readonly handles: ReadonlyMap<number, ShardHandle>;
}

interface ManagerInspectionSource {
  readonly state: ManagerState;
  readonly actor: AnyActorRef;
  readonly emitter: Emitter<ManagerEvents>;
  readonly fleet: {
    readonly current: InspectedShardSet | null;
    readonly successor: InspectedShardSet | null;
    readonly gate: IdentifyGate | null;
    readonly node: {
      readonly status: ClusterStatus | null;
      readGroups(): Promise<readonly GroupStatus[]>;
    } | null;
  };
  onServiceChange(listener: () => void): () => void;
}

class InspectedManagerView implements InspectedManager {
  readonly #manager: ManagerInspectionSource;

  constructor(manager: ManagerInspectionSource) {
    this.#manager = manager;
  }

  get state(): ManagerState {
    return this.#manager.state;
  }

  get total(): number | null {
    return this.#manager.fleet.current?.plan.total ?? null;
  }

  get ready(): number {
    return this.#manager.fleet.current?.readyCount ?? 0;
  }

  get shards(): ReadonlyMap<number, ShardHandle> {
    return this.#manager.fleet.current?.handles ?? NO_SHARDS;
  }

  get resharding(): { total: number; ready: number } | null {
    const { successor } = this.#manager.fleet;
    return successor === null ? null : { total: successor.plan.total, ready: successor.readyCount };
  }

  get identifyQueue(): IdentifyQueue | null {
    const { gate } = this.#manager.fleet;
    return gate === null ? null : inspectIdentifyGate(gate);
  }

  get cluster(): ClusterStatus | null {
    return this.#manager.fleet.node?.status ?? null;
  }

  async readGroups(): Promise<readonly GroupStatus[]> {
    return this.#manager.fleet.node?.readGroups() ?? [];
  }

  get actor(): AnyActorRef {
    return this.#manager.actor;
  }

  on<Name extends keyof ManagerEvents>(name: Name, listener: (...args: ManagerEvents[Name]) => unknown): void {
    this.#manager.emitter.on(name, listener);
  }

  off<Name extends keyof ManagerEvents>(name: Name, listener: (...args: ManagerEvents[Name]) => unknown): void {
    this.#manager.emitter.off(name, listener);
  }

  onServiceChange(listener: () => void): () => void {
    return this.#manager.onServiceChange(listener);
  }
}

/** Passes the manager to each observer with `attachManager`. What it throws is passed to `onThrow`. */
export function attachManagerInspectors(
  observers: readonly ManagerInspectionObserver[],
  manager: ManagerInspectionSource,
  onThrow: (cause: unknown) => void,
): void {
  const view = new InspectedManagerView(manager);
  for (const observer of observers) {
    try {
      const result: unknown = observer.attachManager?.(view);
      if (isThenable(result)) result.then(undefined, onThrow);
    } catch (cause) {
      // The constructor of the manager has not returned, so the user has no fault listener yet.
      queueMicrotask(() => onThrow(cause));
    }
  }
}

/** Returns the observer for one shard of a manager. With `attachManager` it finds the shard there, so it is not attached. */
export function shardObserver(inspect: ManagerInspectionObserver): InspectionObserver {
  if (inspect.attachManager === undefined) return inspect;
  return typeof inspect === 'function' ? (event) => inspect(event) : { next: (event) => inspect.next?.(event) };
}
