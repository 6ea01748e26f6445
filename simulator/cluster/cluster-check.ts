/** What a check of clusters is. */
import type { ClusterWorld } from './cluster-world.ts';

export interface ClusterCheck {
  /** A sentence that says what must hold. */
  readonly rule: string;
  watch(world: ClusterWorld, complain: (what: string) => void): void;
}
