/** What a call to an engine may throw beside what its port says. */
import { GatewayError } from '../protocol/errors.ts';

/** Whether another member has the shard. */
export const isFenced = (cause: unknown): boolean => cause instanceof GatewayError && cause.code === 'FENCED';

/** Whether the engine could not be reached. */
export const isUnavailable = (cause: unknown): boolean =>
  cause instanceof GatewayError && cause.code === 'ENGINE_UNAVAILABLE';

/** Returns an error that an engine threw, as one of ours. */
export const engineError = (cause: unknown): GatewayError =>
  cause instanceof GatewayError
    ? cause
    : new GatewayError('INTERNAL_ERROR', 'the engine failed in a way it should not', { cause });

/** Returns the error to report; `null` for an outage, which the engine reports itself, and for a lost lease. */
export function unexpectedError(cause: unknown): GatewayError | null {
  return isUnavailable(cause) || isFenced(cause) ? null : engineError(cause);
}
