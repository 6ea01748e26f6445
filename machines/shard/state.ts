/** Maps the nested state of a shard's machine to the one word of `shard.state`. */
import type { StateValue } from 'xstate';

/** Where a shard is, in one word. */
export type ShardState =
  | 'disconnected'
  | 'connecting'
  | 'identifying'
  | 'resuming'
  | 'ready'
  | 'zombie'
  | 'reconnecting'
  | 'disconnecting'
  | 'failed';

/** State key → word, for keys that differ from the word. */
const FLAT_STATES: Readonly<Record<string, ShardState>> = {
  // Loading the stored session is the first step of connecting.
  restoring: 'connecting',
  awaitingOwner: 'connecting',
  warmingUp: 'connecting',
};

const keyOf = (value: StateValue | undefined): string =>
  typeof value === 'string' ? value : (Object.keys(value ?? {})[0] ?? 'disconnected');

/** Returns the flat state for the key of a top state, or of a state of the session while it is online. */
export const flatStateOf = (key: string): ShardState => FLAT_STATES[key] ?? (key as ShardState);

/** Returns the flat state for the nested value of a shard's machine. */
export function shardState(value: StateValue): ShardState {
  const top = keyOf(value);
  return flatStateOf(top === 'online' && typeof value === 'object' ? keyOf(onlineSession(value)) : top);
}

const onlineSession = (value: Exclude<StateValue, string>): StateValue | undefined => {
  const online = value['online'];
  return typeof online === 'object' ? online['session'] : undefined;
};
