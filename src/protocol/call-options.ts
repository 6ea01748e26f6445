/**
 * Checks what users pass to methods. An option of one name has one type in all methods, so there is one table. Callers
 * from JavaScript pass anything; an internal error must not be the answer.
 */
import { GatewayError } from './errors.ts';
import { assertEventNames } from './event-names.ts';
import { isObject, isPositiveInteger, isTimeout } from './validation.ts';

interface OptionRule {
  readonly isValid: (value: unknown) => boolean;
  /** Completes the sentence "OPTION must be …". */
  readonly expected: string;
}

/** Returns whether `value` can be used as an AbortSignal, also one of another realm or a polyfill. */
const isSignal = (value: unknown): boolean =>
  typeof value === 'object' &&
  value !== null &&
  'aborted' in value &&
  typeof value.aborted === 'boolean' &&
  'addEventListener' in value &&
  typeof value.addEventListener === 'function' &&
  'removeEventListener' in value &&
  typeof value.removeEventListener === 'function';

const BOOLEAN: OptionRule = { isValid: (value) => typeof value === 'boolean', expected: 'true or false' };

const RULES: Readonly<Record<string, OptionRule>> = {
  signal: { isValid: isSignal, expected: 'an AbortSignal' },
  ignoreRateLimit: BOOLEAN,
  noFail: BOOLEAN,
  timeoutMs: { isValid: isTimeout, expected: 'a positive number of ms' },
  highWaterMark: { isValid: isPositiveInteger, expected: 'a positive integer' },
  concurrency: { isValid: isPositiveInteger, expected: 'a positive integer' },
  key: { isValid: (value) => typeof value === 'function', expected: 'a function' },
  reason: { isValid: (value) => typeof value === 'string', expected: 'a string' },
  session: { isValid: (value) => value === 'keep' || value === 'discard', expected: "'keep' or 'discard'" },
};

/** @throws {@link GatewayError} `INVALID_OPTIONS`, naming the call and the option. */
export function assertCallOptions(call: string, options: unknown): void {
  if (options === undefined) return;
  if (!isObject(options)) throw new GatewayError('INVALID_OPTIONS', `${call}: the options must be an object`);
  for (const [name, { isValid, expected }] of Object.entries(RULES)) {
    const value = options[name];
    if (value === undefined || isValid(value)) continue;
    throw new GatewayError('INVALID_OPTIONS', `${call}: ${name} must be ${expected}`);
  }
  if (options['events'] !== undefined) assertEventNames(`${call}: events`, options['events']);
}

/** Returns the error for invalid options instead of throwing it, for calls that reject. */
export function callOptionsError(call: string, options: unknown): GatewayError | null {
  try {
    assertCallOptions(call, options);
    return null;
  } catch (error) {
    if (error instanceof GatewayError) return error;
    return new GatewayError('INVALID_OPTIONS', `${call}: the options can't be read`, { cause: error });
  }
}
