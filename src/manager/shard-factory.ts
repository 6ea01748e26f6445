/** Creates the shards of a manager: in this thread, or dealt out to worker threads in turn. */
import type { GatewayError } from '../protocol/errors.ts';
import { LocalShard } from './local-shard.ts';
import type { ResolvedManagerOptions } from './manager-options.ts';
import type { ShardFactory } from './shard-handle.ts';
import { toThreadOptions } from './workers/main/thread-options.ts';
import { WorkerShard } from './workers/main/worker-shard.ts';
import { WorkerSlot } from './workers/main/worker-slot.ts';

/** @param reportFault - called when a worker thread has died and its shards have to move */
export const shardFactory = (
  options: ResolvedManagerOptions,
  reportFault: (error: GatewayError) => void,
): ShardFactory => (options.workers === 0 ? localShards(options) : workerShards(options, reportFault));

const localShards =
  ({ shared, token }: ResolvedManagerOptions): ShardFactory =>
  ({ presence, claim, ...shardConfig }) =>
    new LocalShard(
      {
        ...shared,
        ...shardConfig,
        ...(presence === undefined ? {} : { presence }),
        token: token.reveal(),
      },
      claim,
    );

function workerShards(options: ResolvedManagerOptions, reportFault: (error: GatewayError) => void): ShardFactory {
  const threadOptions = toThreadOptions(options, options.shared.proxy);
  const slots = Array.from(
    { length: options.workers },
    (_, number) => new WorkerSlot({ number, options, threadOptions, reportFault }),
  );
  let createdCount = 0;
  return (config) => {
    const slot = slots[createdCount % slots.length] as WorkerSlot;
    createdCount += 1;
    return new WorkerShard(config, slot, options);
  };
}
