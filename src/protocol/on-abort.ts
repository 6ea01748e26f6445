const NOTHING_TO_REMOVE = (): void => undefined;

/**
 * Calls `listener` once when `signal` aborts, at once if it is aborted already. Returns a function that removes the
 * listener: call it when the operation has settled, or a signal that lives long keeps every operation in memory.
 */
export function onAbort(signal: AbortSignal | undefined, listener: () => void): () => void {
  if (signal === undefined) return NOTHING_TO_REMOVE;
  if (signal.aborted) {
    listener();
    return NOTHING_TO_REMOVE;
  }
  signal.addEventListener('abort', listener, { once: true });
  return () => signal.removeEventListener('abort', listener);
}
