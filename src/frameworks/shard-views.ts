/** The shards of a manager in the form that a framework expects, also after a resharding has replaced them. */
import type { ShardHandle } from '../manager/shard-handle.ts';
import type { ShardManager } from '../manager/shard-manager.ts';

export class ShardViews<View> {
  readonly #manager: ShardManager;
  readonly #create: (handle: ShardHandle) => View;
  /** The map that the views were created for. A manager replaces it, but never changes it. */
  #handles: ReadonlyMap<number, ShardHandle> | null = null;
  #views: Map<number, View> = new Map();

  constructor(manager: ShardManager, create: (handle: ShardHandle) => View) {
    this.#manager = manager;
    this.#create = create;
  }

  /** The shards in service, by id. */
  get all(): Map<number, View> {
    const { shards } = this.#manager;
    if (shards !== this.#handles) {
      this.#handles = shards;
      this.#views = new Map([...shards].map(([shardId, handle]) => [shardId, this.#create(handle)]));
    }
    return this.#views;
  }

  get(shardId: number): View | undefined {
    return this.all.get(shardId);
  }
}
