/** Something that a page can select and watch closely: a shard or a manager. */
import type { Heartbeat, Mark, ShardDetail, StateChange } from './messages.ts';

/** What is new since the last call of `consumeUpdates`. */
export interface DetailUpdates {
  readonly states: readonly StateChange[];
  readonly marks: readonly Mark[];
  readonly heartbeats: readonly Heartbeat[];
}

export const NO_UPDATES: DetailUpdates = { states: [], marks: [], heartbeats: [] };

export interface Inspectable {
  readonly detail: ShardDetail;
  /** Logs each step until `unsubscribe` was called as often as this. */
  subscribe(): void;
  unsubscribe(): void;
  consumeUpdates(): DetailUpdates;
}
