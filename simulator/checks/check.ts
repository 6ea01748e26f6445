/** What a check is, and how several checks share what one of them tracks. */
import type { World } from '../world.ts';

/** Reports a violation, with a sentence that says what the shard or the manager did. */
export type Complain = (what: string) => void;

export interface Check {
  /** A sentence that says what must hold. */
  readonly rule: string;
  watch(world: World, complain: Complain): void;
}

/**
 * Returns a function that tracks a world once, however many checks call it. The check that passes `complain` receives
 * the complaints.
 */
export function sharedTracker<State>(
  track: (world: World, complain: Complain) => State,
): (world: World, complain?: Complain) => State {
  const trackers = new WeakMap<World, { readonly state: State; complain: Complain }>();
  return (world, complain) => {
    let tracker = trackers.get(world);
    if (tracker === undefined) {
      const state = track(world, (what) => trackers.get(world)?.complain(what));
      tracker = { state, complain: () => undefined };
      trackers.set(world, tracker);
    }
    if (complain !== undefined) tracker.complain = complain;
    return tracker.state;
  };
}

/** Returns whether the data of a dispatch can be read. */
export function isReadable(dispatch: { readonly d?: unknown }): boolean {
  try {
    void dispatch.d;
    return true;
  } catch {
    return false;
  }
}

/** Returns the data of a dispatch; `undefined` if it can't be read. */
export function dataOf(dispatch: { readonly d?: unknown }): unknown {
  try {
    return dispatch.d;
  } catch {
    return undefined;
  }
}
