/**
 * The dispatches of all shards as one async iterable, in the order they came. A consumer that falls behind stops the
 * sockets of all shards from being read.
 */
import type { Dispatch } from '../protocol/packets.ts';
import { PullStream } from '../shard/pull-stream.ts';
import type { BufferedSession } from './reshard/session-buffer.ts';

/** A dispatch, and the shard it came from. */
export type ShardDispatch<T extends string = string> = Dispatch<T> & { readonly shardId: number };

/** `d` is only decoded when somebody reads it, which this must not be the first to do. */
function withShardId(dispatch: Dispatch, shardId: number): ShardDispatch {
  const { op, t, s } = dispatch;
  const shardDispatch = {
    op,
    t,
    s,
    shardId,
    get d() {
      return dispatch.d;
    },
  };
  return Object.defineProperty(shardDispatch, 'raw', { get: () => dispatch.raw }) as ShardDispatch;
}

interface QueuedDispatch {
  readonly dispatch: Dispatch;
  readonly entry: BufferedSession;
  /** The session it is of. */
  readonly sessionId: string | undefined;
}

export class FleetStream extends PullStream<QueuedDispatch, ShardDispatch> {
  push(dispatch: Dispatch, entry: BufferedSession): void {
    if (this.wants(dispatch.t)) this.add({ dispatch, entry, sessionId: entry.session?.sessionId });
  }

  /** The lowest sequence of this shard's session that nobody has taken yet. */
  lowestSequenceOf(entry: BufferedSession): number | null {
    const sessionId = entry.session?.sessionId;
    return this.lowestSequence((item) => item.entry === entry && item.sessionId === sessionId);
  }

  protected override toValue({ dispatch, entry }: QueuedDispatch): ShardDispatch {
    return withShardId(dispatch, entry.shardId);
  }
}
