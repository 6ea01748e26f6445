import { setUnrefTimeout } from '../clock.ts';
import type { Clock } from '../clock.ts';
import { onAbort } from '../protocol/on-abort.ts';

/** Resolves after `delayMs`, or when the signal aborts. With `keepsAlive` the process does not end before. */
export async function waitUntil(
  clock: Clock,
  delayMs: number,
  signal: AbortSignal | undefined,
  keepsAlive = false,
): Promise<void> {
  const { promise, resolve } = Promise.withResolvers<void>();
  const timer = keepsAlive ? clock.setTimeout(resolve, delayMs) : setUnrefTimeout(clock, resolve, delayMs);
  const stopListening = onAbort(signal, resolve);
  await promise;
  stopListening();
  clock.clearTimeout(timer);
}
