/**
 * Where the errors of a bot go when a framework calls it: they are unhandled rejections, as without shardwright. A bot
 * finds its own errors where it has always found them, and no framework hides them in a fault.
 */
import { GatewayError } from '../protocol/errors.ts';
import { isThenable } from '../shard/emitter.ts';

/** The shard knows what to do about data that is not JSON. It is not an error of the bot. */
const isDecodeError = (error: unknown): boolean => error instanceof GatewayError && error.code === 'DECODE_FAILED';

/** Makes an error of the bot an unhandled rejection. Throws what the shard handles itself. */
export function raiseBotError(cause: unknown): void {
  if (isDecodeError(cause)) throw cause;
  void Promise.reject(cause);
}

/** As {@link raiseBotError}, for the rejection of a promise. What it throws is unhandled. */
function raiseBotRejection(error: unknown): void {
  if (!isDecodeError(error)) throw error;
}

/** Calls a function of the bot, whose errors must not disturb the shard. */
export function callBot<A, B>(callback: (a: A, b: B) => unknown, a: A, b: B): void {
  try {
    const result = callback(a, b);
    if (isThenable(result)) result.then(undefined, raiseBotRejection);
  } catch (error) {
    raiseBotError(error);
  }
}

const ignore = (): void => undefined;

/** Lets the caller ignore a promise. The manager has logged the rejection. Returns the promise. */
export function ignorable<T>(promise: Promise<T>): Promise<T> {
  promise.catch(ignore);
  return promise;
}
