/** A shard as the inspector reads it, in this thread or in a worker thread. */
import type { ShardHandle } from '../manager/shard-handle.ts';
import type { InspectedShard } from '../shard/inspected-shard.ts';
import type { StepSource } from '../shard/machine-steps.ts';

/** What the page shows. */
type Shown = Omit<InspectedShard, 'actor' | 'active' | 'options' | 'backPressure' | 'observeFrames' | 'observeSteps'>;

export type InspectedShardView = Shown &
  StepSource & {
    /** The number of its worker thread; missing in this thread. */
    readonly worker?: number;
  };

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
  get active() {
    return handle.inspectedThread?.active ?? null;
  },
  observeSteps: (onStep) => handle.inspectedThread?.observeSteps(onStep) ?? (() => undefined),
  ...(handle.inspectedThread === undefined ? {} : { worker: handle.inspectedThread.worker }),
  on: (name, listener) => void handle.on(name, listener),
  off: (name, listener) => void handle.off(name, listener),
});
