/** A shard that this node holds: its lease, and the session as the engine has it. */
import type { Session } from '../../session/session.ts';
import type { Lease } from '../ports/ownership.ts';
import type { PublishedDispatch } from '../ports/session-journal.ts';

export class HeldShard {
  readonly lease: Lease;
  /** The session that the engine has, with the sequence that was committed last. The recorder keeps it up to date. */
  stored: Session | null;
  /** What was in the stream when this node took the shard over, and some group had not acknowledged. */
  #unread: readonly PublishedDispatch[];

  constructor(lease: Lease, stored: Session | null, unread: readonly PublishedDispatch[] = []) {
    this.lease = lease;
    this.stored = stored;
    this.#unread = unread;
  }

  /** Returns what was unread, once: the publisher remembers it then, as what it publishes itself. */
  takeUnread(): readonly PublishedDispatch[] {
    const unread = this.#unread;
    this.#unread = [];
    return unread;
  }

  get shardId(): number {
    return this.lease.shardId;
  }
}
