/** What a manager may ask of its shards that is no part of their public face. */
import type { ReadingControl } from './back-pressure.ts';
import type { RefusedPresence } from './refused-payload.ts';

export interface ShardControl {
  readonly backPressure: ReadingControl;
  /** Discord refused a presence on another shard: it is not sent. */
  dropPresence(presence: RefusedPresence): void;
  /** Another process has had the shard since: its next `connect()` asks the store for the session. */
  markOutdated(): void;
}

const controls = new WeakMap<object, ShardControl>();

/** Lets `shardControlOf` find the control of a shard. */
export function setShardControl(shard: object, control: ShardControl): void {
  controls.set(shard, control);
}

export function shardControlOf(shard: object): ShardControl {
  const control = controls.get(shard);
  if (control === undefined) throw new Error('this object is not a shard');
  return control;
}
