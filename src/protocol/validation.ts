/** Checks of options and of JSON that others wrote. One meaning per name, in all of `src`. */
import { MAX_TIMER_MS } from '../clock.ts';
import { GatewayError } from './errors.ts';

/** An object of which nothing is known but its fields. */
export type Fields = Readonly<Record<string, unknown>>;

/** Returns whether `value` is an object and not an array. */
export const isObject = (value: unknown): value is Fields =>
  typeof value === 'object' && value !== null && !Array.isArray(value);

/** Returns the fields of an object; of anything else, no fields. */
export const fieldsOf = (value: unknown): Fields => (isObject(value) ? value : {});

/** Returns whether `value` is an integer, 0 or more. */
export const isCount = (value: unknown): value is number => Number.isSafeInteger(value) && Number(value) >= 0;

/** Returns whether `value` is an integer, 1 or more. */
export const isPositiveInteger = (value: unknown): value is number => isCount(value) && value > 0;

/** Returns whether `value` is a finite number, 0 or more. */
export const isDuration = (value: unknown): value is number => Number.isFinite(value) && Number(value) >= 0;

/** Returns whether `value` is a positive number of ms that one timer of Node can wait. */
export const isTimeout = (value: unknown): value is number => isDuration(value) && value > 0 && value <= MAX_TIMER_MS;

/** Returns a value that somebody passed, for a message: short, and never the content of an object. */
export function describeValue(value: unknown): string {
  if (typeof value === 'string') return JSON.stringify(value.slice(0, 64));
  if (Array.isArray(value)) return 'an array';
  return value === null || (typeof value !== 'object' && typeof value !== 'function' && typeof value !== 'symbol')
    ? String(value)
    : `a value of type ${typeof value}`;
}

export const invalidOption = (message: string): GatewayError => new GatewayError('INVALID_OPTIONS', message);

/** @throws {@link GatewayError} `INVALID_OPTIONS` with this message, if the option is not valid. */
export function assertOption(isValid: boolean, message: string): void {
  if (!isValid) throw invalidOption(message);
}
