/** Finds the shards that can resume a session. They start first, because they need no turn to identify. */
import type { Clock } from '../../clock.ts';
import { waitAtMost } from '../../protocol/wait-at-most.ts';
import type { SessionOrigin } from '../../session/session-origin.ts';
import type { SessionBuffer } from '../reshard/session-buffer.ts';
import type { ShardHandle } from '../shard-handle.ts';

export interface ResumableShardsOptions {
  readonly clock: Clock;
  /** What a session in the store must belong to, so that a shard resumes it. */
  readonly origin: SessionOrigin;
  readonly sessionBuffer: SessionBuffer;
  /** How long to wait for the sessions in the store before the start. */
  readonly storeTimeoutMs: number;
}

/** Looks for sessions, of the shards and in the store. With a slow store the order of the start suffers, not the start. */
export async function findResumable(
  shards: readonly ShardHandle[],
  { clock, origin, sessionBuffer, storeTimeoutMs }: ResumableShardsOptions,
): Promise<ReadonlySet<number>> {
  const found = new Set<number>();
  const check = async ({ shardId, shardCount, session: current }: ShardHandle): Promise<void> => {
    const session = current ?? (await sessionBuffer.preload(shardId));
    if (session !== null && origin.accepts(session, shardId, shardCount)) found.add(shardId);
  };
  await waitAtMost(clock, storeTimeoutMs, Promise.all(shards.map(check)));
  // A copy: an answer that is late must not change the order any more.
  return new Set(found);
}
