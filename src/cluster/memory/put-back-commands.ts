/** What becomes of commands that the owner of a shard has taken, when it no longer has the shard. */
import type { MemoryStore } from './memory-store.ts';

/** What was taken and not done goes back to the head of the queue. */
export function putBackCommands(store: MemoryStore, shardId: number): void {
  const queue = store.data.queues.get(shardId);
  if (queue === undefined || queue.underWay.length === 0) return;
  queue.waiting = [...queue.underWay, ...queue.waiting];
  queue.underWay = [];
  store.queueNews.publish(shardId);
}
