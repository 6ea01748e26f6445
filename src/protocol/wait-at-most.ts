import type { Clock } from '../clock.ts';

/** Resolves when `promise` does, or after `timeoutMs` on `clock`. Rejects when `promise` rejects within that time. */
export async function waitAtMost(clock: Clock, timeoutMs: number, promise: Promise<unknown>): Promise<void> {
  const timeout = Promise.withResolvers<void>();
  const timer = clock.setTimeout(timeout.resolve, timeoutMs);
  try {
    await Promise.race([promise, timeout.promise]);
  } finally {
    clock.clearTimeout(timer);
  }
}
