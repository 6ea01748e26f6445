/** Measures how a shard recovers from a fault: when it noticed, and how and when it was ready again. */
import type { ShardHandle } from '../../index.ts';
import type { Fault } from './faults.ts';

export type Outcome = Fault['expected'] | 'not recovered';

export interface Recovery {
  readonly fault: Fault;
  readonly outcome: Outcome;
  /** The time from the fault until the shard left `ready`. */
  readonly noticedMs: number;
  /** The time from then until the shard was ready again. */
  readonly backMs: number;
  readonly replayed: number;
  /** The number of connection attempts. */
  readonly attempts: number;
}

/** A shard, or a manager's handle of a shard. */
export type RecoverySource = Pick<ShardHandle, 'on' | 'off'>;

/**
 * Starts measuring; inject the fault in the same turn. Resolves when the shard is ready again, when it fails, after
 * `timeoutMs`, or when the signal aborts.
 */
export function measureRecovery(
  shard: RecoverySource,
  fault: Fault,
  timeoutMs: number,
  signal: AbortSignal,
): Promise<Recovery> {
  const startedAt = performance.now();
  let noticedAt: number | null = null;
  let attempts = 0;
  const { promise, resolve } = Promise.withResolvers<Recovery>();

  const onStateChange = ({ to }: { to: string }): void => {
    noticedAt ??= performance.now();
    if (to === 'connecting') attempts += 1;
  };
  const onResumed = ({ replayed }: { replayed: number }): void => end('resumed', replayed);
  const onReady = (): void => end('new session');
  const giveUp = (): void => end('not recovered');

  function end(outcome: Outcome, replayed = 0): void {
    const now = performance.now();
    clearTimeout(timer);
    signal.removeEventListener('abort', giveUp);
    shard.off('stateChange', onStateChange);
    shard.off('resumed', onResumed);
    shard.off('ready', onReady);
    shard.off('failed', giveUp);
    resolve({
      fault,
      outcome,
      noticedMs: (noticedAt ?? now) - startedAt,
      backMs: now - (noticedAt ?? now),
      replayed,
      attempts,
    });
  }

  const timer = setTimeout(giveUp, timeoutMs);
  signal.addEventListener('abort', giveUp);
  shard.on('stateChange', onStateChange);
  shard.on('resumed', onResumed);
  shard.on('ready', onReady);
  shard.on('failed', giveUp);
  return promise;
}
