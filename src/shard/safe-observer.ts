/**
 * Guards an observer. If it throws inside XState's inspection, the actor's mailbox can block for good. So after the
 * first error, or promise that rejects, the observer is not called again.
 */
import type { InspectionEvent } from 'xstate';
import { isThenable } from './emitter.ts';
import type { InspectionObserver } from './inspected-shard.ts';

function safeObserver(
  observer: InspectionObserver,
  onDetached: (cause: unknown) => void,
): (event: InspectionEvent) => void {
  let notify: ((event: InspectionEvent) => unknown) | null =
    typeof observer === 'function' ? observer : (event) => observer.next?.(event);
  const detach = (cause: unknown): void => {
    if (notify === null) return;
    // The machine is in the middle of a step, in which no listener may be called.
    queueMicrotask(() => onDetached(cause));
    // Last: with a full stack queueMicrotask() throws too, and then the guard of an outer call must still report it.
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

/** Guards each observer on its own: one that throws is detached, and the others go on. */
export function safeObservers(
  observers: readonly InspectionObserver[],
  onDetached: (cause: unknown) => void,
): (event: InspectionEvent) => void {
  const guarded = observers.map((observer) => safeObserver(observer, onDetached));
  return (event) => {
    for (const notify of guarded) notify(event);
  };
}
