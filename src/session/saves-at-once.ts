/**
 * Asks a store whether it saves in the turn in which it is asked, and never later. Then no time limit is needed, and
 * nothing to repeat what comes too late: with many shards, that is a part of what each of them costs.
 */
import { savesInMemory } from './memory-session-store.ts';
import type { SessionStore } from './session-store.ts';

/** Marks a store of this library whose `save()` does not wait for anything. */
export const SAVES_AT_ONCE = Symbol('savesAtOnce');

export const savesAtOnce = (store: SessionStore): boolean => SAVES_AT_ONCE in store || savesInMemory(store);
