/** What a consumer reports of a stream. */
import { GatewayError } from '../../protocol/errors.ts';
import { shortName } from '../../protocol/printable.ts';
import type { StreamEntry } from './stream-entry.ts';

export const trimmedError = (shardId: number, count: number): GatewayError =>
  new GatewayError(
    'DISPATCHES_TRIMMED',
    `${count} dispatches of shard ${shardId} were trimmed before the group had handled them`,
  );

export const deadLettersRemovedError = (count: number, maxDeadLetters: number): GatewayError =>
  new GatewayError(
    'DISPATCHES_TRIMMED',
    `the ${count} oldest dead letters were removed, because there were more than maxDeadLetters (${maxDeadLetters})`,
  );

/** @param isLast - whether the entry becomes a dead letter, unless it comes from a snapshot */
export function attemptError(
  { dispatch, attempt, id, positions }: StreamEntry,
  cause: unknown,
  isLast: boolean,
): GatewayError {
  const end = isLast && positions.length > 0 ? `; ${id} is a dead letter now` : '';
  const message = `a handler of ${shortName(dispatch.t)} failed at attempt ${attempt}${end}`;
  return new GatewayError('LISTENER_THREW', message, { cause });
}

/** Whether it is an error of this library, which is reported as well. */
export const isOwnFault = (cause: unknown): cause is GatewayError =>
  cause instanceof GatewayError && (cause.code === 'SLOW_LISTENER' || cause.code === 'DECODE_FAILED');
