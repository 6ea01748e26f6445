/** The dispatches of one shard as an async iterable: a consumer that falls behind stops its socket. */
import type { Dispatch } from '../protocol/packets.ts';
import { PullStream } from './pull-stream.ts';

interface Item {
  readonly dispatch: Dispatch;
  /** A consumer that is slow may still hold some of a session that is over. */
  readonly sessionId: string | null;
}

export class DispatchStream extends PullStream<Item, Dispatch> {
  push(dispatch: Dispatch, sessionId: string | null): void {
    if (this.wants(dispatch.t)) this.add({ dispatch, sessionId });
  }

  /** The lowest sequence of a session that nobody has taken yet. */
  lowestSequenceOf(sessionId: string | null): number | null {
    return this.lowestSequence((item) => item.sessionId === sessionId);
  }

  protected override toValue({ dispatch }: Item): Dispatch {
    return dispatch;
  }
}
