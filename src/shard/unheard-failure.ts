/**
 * Reports a failure that nobody would notice. A shard that failed keeps no process alive: without a word, the bot would
 * end as if all were well, and its supervisor would not start it again.
 */
import type { GatewayError } from '../protocol/errors.ts';
import type { Logger } from './logger.ts';
import { silentLogger } from './logger.ts';

export interface FailureAudience {
  /** Who failed, such as `shard 3`. */
  readonly who: string;
  readonly hasListener: boolean;
  /** Whether a promise of the user rejects with the error, or a stream throws it. */
  readonly isAwaited: boolean;
  readonly logger: Logger;
}

/** Without a listener of `failed`, writes the failure to stderr. If no call reports it either, sets the exit code 1. */
export function reportUnheardFailure(
  error: GatewayError,
  { who, hasListener, isAwaited, logger }: FailureAudience,
): void {
  if (hasListener) return;
  // A logger of the user has it already. Unlike a write to the stream, `console` survives a closed stderr.
  if (logger === silentLogger) {
    // oxlint-disable-next-line no-console -- the only word about why the bot ends
    console.error(`shardwright: ${who} failed. ${error.code}: ${error.message}. ${error.hint}`);
  }
  if (!isAwaited) process.exitCode ??= 1;
}
