/** The threads of a manager. Shards are dealt out to them in turn. */
import type { GatewayError } from '../../../protocol/errors.ts';
import type { ResolvedManagerOptions } from '../../manager-options.ts';
import type { ShardFactory } from '../../shard-handle.ts';
import { toThreadOptions } from './thread-options.ts';
import { WorkerShard } from './worker-shard.ts';
import { WorkerSlot } from './worker-slot.ts';

/** @param report - told when a thread has died, and its shards have to move */
export function createWorkerShards(
  options: ResolvedManagerOptions,
  report: (error: GatewayError) => void,
): ShardFactory {
  const threadOptions = toThreadOptions(options);
  const slots = Array.from(
    { length: options.workers },
    (_, n) => new WorkerSlot({ name: `shardwright-${n}`, options, threadOptions, report }),
  );
  let createdCount = 0;
  return (config) => {
    const slot = slots[createdCount % slots.length] as WorkerSlot;
    createdCount += 1;
    return new WorkerShard(config, slot, options);
  };
}
