/** A shard as the inspector reads it. A shard in a worker thread has no actor here. */
import type { AnyActorRef } from 'xstate';
import type { ShardHandle } from '../manager/shard-handle.ts';
import type { InspectedShard } from '../shard/inspected-shard.ts';

export type InspectedShardView = Omit<InspectedShard, 'actor'> & { readonly actor: AnyActorRef | null };

/** Returns the full view of a manager's shard, or one of its handle when the shard runs in a worker thread. */
export const shardViewOf = (handle: ShardHandle): InspectedShardView => handle.inspected ?? viewFromHandle(handle);

const viewFromHandle = (handle: ShardHandle): InspectedShardView => ({
  shardId: handle.shardId,
  shardCount: handle.shardCount,
  get state() {
    return handle.state;
  },
  get pingMs() {
    return handle.ping;
  },
  get sequence() {
    return handle.session?.sequence ?? null;
  },
  get lastDispatchAt() {
    return handle.health.lastDispatchAt;
  },
  get pendingSends() {
    return handle.pendingSends;
  },
  sendWindow: null,
  identifyQueue: null,
  actor: null,
  on: (name, listener) => void handle.on(name, listener),
  off: (name, listener) => void handle.off(name, listener),
});
