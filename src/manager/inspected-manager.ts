/**
 * What an inspector may see of a manager: its actor, its shards, and a few numbers read when somebody looks. An
 * observer that knows managers is shown the manager, and finds the shards there; any other is shown each shard.
 */
import type { AnyActorRef } from 'xstate';
import type { ManagerState } from '../../machines/index.ts';
import { inspectIdentifyGate } from '../identify/identify-gate.ts';
import type { IdentifyGate, IdentifyQueue } from '../identify/identify-gate.ts';
import type { Emitter } from '../shard/emitter.ts';
import type { InspectedShard, InspectionObserver } from '../shard/inspected-shard.ts';
import type { ManagerEvents } from './manager-events.ts';
import type { ShardHandle } from './shard-handle.ts';

export interface InspectedManager {
  readonly state: ManagerState;
  /** The shard count of the bot; `null` before it is known. */
  readonly total: number | null;
  /** Of the shards in service, those that are ready. */
  readonly ready: number;
  /** The shards in service. */
  readonly shards: ReadonlyMap<number, ShardHandle>;
  /** The shards that are to take over. */
  readonly resharding: { readonly total: number; readonly ready: number } | null;
  /** `null` when the gate does not tell. */
  readonly identifyQueue: IdentifyQueue | null;
  readonly actor: AnyActorRef;
  on<Name extends keyof ManagerEvents>(name: Name, listener: (...args: ManagerEvents[Name]) => unknown): void;
  off<Name extends keyof ManagerEvents>(name: Name, listener: (...args: ManagerEvents[Name]) => unknown): void;
  /** Calls back when other shards are in service. Gives back what ends it. */
  onServiceChange(listener: () => void): () => void;
}

/** An observer that can be shown a whole manager. */
export type ManagerInspectionObserver = InspectionObserver & {
  attachManager?: (manager: InspectedManager) => void;
};

const NO_SHARDS: ReadonlyMap<number, ShardHandle> = new Map();

/** What the view needs of a set of shards. */
interface InspectedShardSet {
  readonly plan: { readonly total: number };
  readonly readyCount: number;
  readonly handles: ReadonlyMap<number, ShardHandle>;
}

/** The parts of a manager that the view is of. */
interface ManagerInspectionSource {
  readonly state: ManagerState;
  readonly actor: AnyActorRef;
  readonly emitter: Emitter<ManagerEvents>;
  readonly fleet: {
    readonly current: InspectedShardSet | null;
    readonly successor: InspectedShardSet | null;
    readonly gate: IdentifyGate | null;
  };
  onServiceChange(listener: () => void): () => void;
}

/** Reads when it is asked, and keeps nothing. */
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

/** Shows the manager to an observer that knows managers; one that throws has seen enough. */
export function attachManagerInspector(
  inspect: ManagerInspectionObserver | undefined,
  manager: ManagerInspectionSource,
  onThrow: (cause: unknown) => void,
): void {
  try {
    inspect?.attachManager?.(new InspectedManagerView(manager));
  } catch (cause) {
    // The user had no chance yet to listen for faults.
    queueMicrotask(() => onThrow(cause));
  }
}

/** The observer for one shard of a manager; `keep` is given what can be seen of the shard. */
export function shardObserver(
  inspect: ManagerInspectionObserver,
  onAttach: (shard: InspectedShard) => void,
): InspectionObserver {
  const attach = (shard: InspectedShard): void => {
    onAttach(shard);
    if (inspect.attachManager === undefined) inspect.attach?.(shard);
  };
  if (typeof inspect === 'function')
    return Object.assign((event: Parameters<typeof inspect>[0]) => inspect(event), { attach });
  return { next: (event) => inspect.next?.(event), attach };
}
