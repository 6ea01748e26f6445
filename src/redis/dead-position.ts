/** Where a dead letter stands: `MS-NUMBER@SHARD`, the id in the stream of its partition, and the shard. */

export function parseDeadPosition(position: string): { readonly id: string; readonly shardId: number } {
  const [, id = '0-0', shardId = '0'] = /^(\d+-\d+)@(\d+)$/.exec(position) ?? [];
  return { id, shardId: Number(shardId) };
}

/** Which of two ids of streams is older. */
export function compareIds(a: string, b: string): number {
  const [aMs = 0, aNumber = 0] = a.split('-').map(Number);
  const [bMs = 0, bNumber = 0] = b.split('-').map(Number);
  return aMs - bMs || aNumber - bNumber;
}
