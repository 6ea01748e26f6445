/** The dispatches of all shards as one async iterable, in the order in which they arrived. */
import type { AnyEventName, Dispatch } from '../protocol/packets.ts';
import { PullStream } from '../shard/pull-stream.ts';
import type { BufferedSession } from './reshard/session-buffer.ts';

/** A dispatch with the id of its shard. */
export type ShardDispatch<T extends string = AnyEventName> = Dispatch<T> & { readonly shardId: number };

/** Copies a dispatch without reading `d`, which would decode it. */
function withShardId(dispatch: Dispatch, shardId: number): ShardDispatch {
  const { op, t, s } = dispatch;
  const shardDispatch = {
    op,
    t,
    s,
    shardId,
    ...(dispatch.isRestored === true ? { isRestored: true as const } : {}),
    get d() {
      return dispatch.d;
    },
  };
  return Object.defineProperty(shardDispatch, 'raw', { get: () => dispatch.raw }) as ShardDispatch;
}

export interface QueuedDispatch {
  readonly dispatch: Dispatch;
  readonly entry: BufferedSession;
  /** The session in which it arrived. */
  readonly sessionId: string | undefined;
}

/** Returns a function that says whether a dispatch belongs to the session that this shard has now. */
export function isOfSession(entry: BufferedSession): (item: QueuedDispatch) => boolean {
  const sessionId = entry.session?.sessionId;
  return (item) => item.entry === entry && item.sessionId === sessionId;
}

export class FleetStream extends PullStream<QueuedDispatch, ShardDispatch> {
  push(dispatch: Dispatch, entry: BufferedSession): void {
    if (this.wants(dispatch.t)) this.add({ dispatch, entry, sessionId: entry.session?.sessionId });
  }

  /** Returns the lowest sequence of this shard's session that has not been consumed. */
  lowestSequenceOf(entry: BufferedSession): number | null {
    return this.lowestSequence(isOfSession(entry));
  }

  /** Drops what waits of this shard's session. */
  removeOf(entry: BufferedSession): void {
    this.remove(isOfSession(entry));
  }

  protected override toValue({ dispatch, entry }: QueuedDispatch): ShardDispatch {
    return withShardId(dispatch, entry.shardId);
  }
}
