/** Sets of shards on their way out: they finish what was asked of them, are closed, and their sessions end. */
import type { ShardSet } from './shard-set.ts';

export class RetiredSets {
  readonly #sets = new Set<ShardSet>();

  /** Gives the calls under way `timeoutMs`. */
  async retire(set: ShardSet, timeoutMs: number): Promise<void> {
    set.sessionBuffer.discard();
    this.#sets.add(set);
    await set.retire(timeoutMs);
    this.#sets.delete(set);
  }

  async close(): Promise<void> {
    await Promise.all([...this.#sets].map((set) => set.close({ session: 'discard' })));
  }

  forceClose(): void {
    for (const set of this.#sets) set.forceClose();
  }
}
