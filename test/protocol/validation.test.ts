import { describe, expect, test } from 'vitest';
import {
  assertOption,
  fieldsOf,
  isCount,
  isDuration,
  isObject,
  isPositiveInteger,
  isTimeout,
} from '../../src/protocol/validation.ts';

const MAX_TIMER_MS = 2 ** 31 - 1;

const CHECKS: Readonly<Record<string, readonly [(value: unknown) => boolean, readonly unknown[], readonly unknown[]]>> =
  {
    isObject: [isObject, [{}, Object.create(null)], [null, [], 'text', 1, undefined]],
    isCount: [isCount, [0, 1, Number.MAX_SAFE_INTEGER], [-1, 0.5, 2 ** 53, Number.NaN, '1', 1n, null]],
    isPositiveInteger: [isPositiveInteger, [1, Number.MAX_SAFE_INTEGER], [0, -1, 1.5, 2 ** 53, '1', undefined]],
    isDuration: [isDuration, [0, 0.5, 2 ** 40], [-1, Number.NaN, Number.POSITIVE_INFINITY, '1', null]],
    isTimeout: [isTimeout, [Number.MIN_VALUE, MAX_TIMER_MS], [0, -1, MAX_TIMER_MS + 1, Number.NaN, '1']],
  };

describe.each(Object.entries(CHECKS))('%s()', (_name, [check, valid, invalid]) => {
  test.each(valid.map((value) => ({ value })))('accepts $value', ({ value }) => {
    expect(check(value)).toBe(true);
  });

  test.each(invalid.map((value) => ({ value })))('rejects $value', ({ value }) => {
    expect(check(value)).toBe(false);
  });
});

describe('fieldsOf()', () => {
  test('returns an object itself', () => {
    const object = { a: 1 };
    expect(fieldsOf(object)).toBe(object);
  });

  test.each([undefined, null, 'text', [1]])('returns no fields for %j', (value) => {
    expect(fieldsOf(value)).toEqual({});
  });
});

describe('assertOption()', () => {
  test('throws INVALID_OPTIONS with the message if the option is not valid', () => {
    expect(() => assertOption(false, 'total must be positive')).toThrow(
      expect.objectContaining({ code: 'INVALID_OPTIONS', message: 'total must be positive' }),
    );
  });

  test('does nothing if the option is valid', () => {
    expect(() => assertOption(true, 'unused')).not.toThrow();
  });
});
