/** The threads of a manager. Shards are dealt out to them in turn. */
import type { GatewayError } from '../../protocol/errors.ts';
import type { ResolvedManagerOptions } from '../manager-options.ts';
import type { CreateShard } from '../shard-handle.ts';
import { crossingOptions } from './crossing-options.ts';
import { WorkerShard } from './worker-shard.ts';
import { WorkerSlot } from './worker-slot.ts';

/** @param report - told when a thread has died, and its shards have to move */
export function workerShards(options: ResolvedManagerOptions, report: (error: GatewayError) => void): CreateShard {
  const crossing = crossingOptions(options);
  const slots = Array.from({ length: options.workers }, (_, n) => new WorkerSlot({ name: `shardwright-${n}`, options, crossing, report }));
  let dealt = 0;
  return (blueprint) => {
    const slot = slots[dealt % slots.length] as WorkerSlot;
    dealt += 1;
    return new WorkerShard(blueprint, slot, options);
  };
}
