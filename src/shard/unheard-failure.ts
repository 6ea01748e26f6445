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
  const what = error.message.replace(/\.$/, '');
  // A logger of the user has it already.
  if (logger === silentLogger) writeError(`shardwright: ${who} failed. ${error.code}: ${what}. ${error.hint}\n`);
  if (!isAwaited) process.exitCode ??= 1;
}

const ignore = (): void => undefined;

/** A write to a closed stderr must not end the process. */
function writeError(text: string): void {
  const { stderr } = process;
  stderr.once('error', ignore);
  stderr.write(text, () => stderr.off('error', ignore));
}
