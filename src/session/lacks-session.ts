/**
 * Asks a store whether it has no session of a shard, where it knows that at once. A shard need not look for a session
 * that is not there: it connects in the same turn.
 */
import { isMemoryWithout } from './memory-session-store.ts';
import type { SessionStore } from './session-store.ts';

export const LACKS_SESSION = Symbol('lacksSession');

/** A store of this library that stands before another. */
export interface ForwardingSessionStore extends SessionStore {
  /** Returns whether there is no session of the shard; `false` too when the store must be asked. */
  [LACKS_SESSION](shardId: number): boolean;
}

const isForwarding = (store: SessionStore): store is ForwardingSessionStore => LACKS_SESSION in store;

/** Returns whether the store has no session of the shard; `false` too when it must be asked. */
export const lacksSession = (store: SessionStore, shardId: number): boolean =>
  isForwarding(store) ? store[LACKS_SESSION](shardId) : isMemoryWithout(store, shardId);
