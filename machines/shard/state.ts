/** One flat word for where a shard is, from the nested value of its machine. */
import type { StateValue } from 'xstate';

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

/** State key → word, for the keys that are not themselves the word. */
const FLAT_STATES: Readonly<Record<string, ShardState>> = {
  // Looking for a stored session is the first step of connecting.
  restoring: 'connecting',
};

const keyOf = (value: StateValue | undefined): string =>
  typeof value === 'string' ? value : (Object.keys(value ?? {})[0] ?? 'disconnected');

export function shardState(value: StateValue): ShardState {
  const top = keyOf(value);
  const key = top === 'online' && typeof value === 'object' ? keyOf(onlineSession(value)) : top;
  return FLAT_STATES[key] ?? (key as ShardState);
}

const onlineSession = (value: Exclude<StateValue, string>): StateValue | undefined => {
  const online = value['online'];
  return typeof online === 'object' ? online['session'] : undefined;
};
