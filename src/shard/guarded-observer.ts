/**
 * Keeps an inspector at arm's length: an observer that throws inside XState's inspection can wedge the actor's
 * mailbox for ever, so each call is guarded, and the first throw is the last call.
 */
import type { InspectionEvent } from 'xstate';
import type { InspectionObserver } from './inspected-shard.ts';

export function guardedObserver(observer: InspectionObserver, onDetached: (cause: unknown) => void): (event: InspectionEvent) => void {
  let next: ((event: InspectionEvent) => void) | null =
    typeof observer === 'function' ? observer : (event) => observer.next?.(event);
  return (event) => {
    try {
      next?.(event);
    } catch (cause) {
      next = null;
      // The machine is in the middle of a step: whoever hears of this must not be called from inside it.
      queueMicrotask(() => onDetached(cause));
    }
  };
}
