/** What the machine of a node remembers. Leases and shards are not in it; `src/cluster/node` has those. */

/** What the machine of a node starts with. */
export interface NodeInput {
  /** How long a lease is valid after its last renewal, in ms. */
  readonly leaseTtlMs: number;
  /** How long the shards of the node may take to close, in ms. */
  readonly closeTimeoutMs: number;
}

/** What the machine of a node remembers. */
export interface NodeContext extends NodeInput {
  /** Whether something is about to change: a node is silent, or a shard that this node should have is not free yet. */
  readonly isWatchful: boolean;
}
