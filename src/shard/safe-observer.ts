/**
 * Keeps an inspector at arm's length: an observer that throws inside XState's inspection can wedge the actor's
 * mailbox for ever, so each call is guarded, and after the first throw, or promise that rejects, it is called no more.
 */
import type { InspectionEvent } from 'xstate';
import { isThenable } from './emitter.ts';
import type { InspectionObserver } from './inspected-shard.ts';

export function safeObserver(
  observer: InspectionObserver,
  onDetached: (cause: unknown) => void,
): (event: InspectionEvent) => void {
  let notify: ((event: InspectionEvent) => unknown) | null =
    typeof observer === 'function' ? observer : (event) => observer.next?.(event);
  const detach = (cause: unknown): void => {
    if (notify === null) return;
    // The machine is in the middle of a step: whoever hears of this must not be called from inside it.
    queueMicrotask(() => onDetached(cause));
    // Only now: with the stack used up even that throws, and the guard further out has to tell.
    notify = null;
  };
  return (event) => {
    try {
      const result = notify?.(event);
      if (isThenable(result)) result.then(undefined, detach);
    } catch (cause) {
      detach(cause);
    }
  };
}
