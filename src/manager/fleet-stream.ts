/**
 * The dispatches of all shards as one async iterable, in the order they came. A consumer that falls behind stops the
 * sockets of all shards from being read.
 */
import type { Dispatch } from '../protocol/packets.ts';
import { PullStream } from '../shard/pull-stream.ts';
import type { LedgerRow } from './session-ledger.ts';

/** A dispatch, and the shard it came from. */
export type ShardDispatch<T extends string = string> = Dispatch<T> & { readonly shardId: number };

/** `d` is only decoded when somebody reads it, which this must not be the first to do. */
function withShard(dispatch: Dispatch, shardId: number): ShardDispatch {
  const { op, t, s } = dispatch;
  const signed = {
    op,
    t,
    s,
    shardId,
    get d() {
      return dispatch.d;
    },
  };
  return Object.defineProperty(signed, 'raw', { get: () => dispatch.raw }) as ShardDispatch;
}

interface Item {
  readonly dispatch: Dispatch;
  readonly row: LedgerRow;
  /** The session it is of. */
  readonly sessionId: string | undefined;
}

export class FleetStream extends PullStream<Item, ShardDispatch> {
  push(dispatch: Dispatch, row: LedgerRow): void {
    if (this.wants(dispatch.t)) this.add({ dispatch, row, sessionId: row.session?.sessionId });
  }

  /** The lowest sequence of this shard's session that nobody has taken yet. */
  lowestSequenceOf(row: LedgerRow): number | null {
    const sessionId = row.session?.sessionId;
    return this.lowestSequence((item) => item.row === row && item.sessionId === sessionId);
  }

  protected override valueOf({ dispatch, row }: Item): ShardDispatch {
    return withShard(dispatch, row.shardId);
  }
}
