import { describe, expect, test } from 'vitest';
import { GatewayError } from '../../src/protocol/errors.ts';
import { printable, printableJson } from '../../src/protocol/printable.ts';

/** A screen cleared, a title set, a forged line, C1 controls, and a text read from right to left. */
const HOSTILE = '\u001B[2J\u001B]0;title\u0007\r\n12:00 ready\u009B31m\u2028\u202Etxt\u007F';

describe('printable()', () => {
  test('escapes control characters, line ends and marks of direction', () => {
    expect(printable(HOSTILE)).toBe(
      '\\u001b[2J\\u001b]0;title\\u0007\\r\\n12:00 ready\\u009b31m\\u2028\\u202etxt\\u007f',
    );
  });

  test('keeps all other characters', () => {
    expect(printable('żółw 日本語 🐢 a\\nb')).toBe('żółw 日本語 🐢 a\\nb');
  });
});

test('printableJson() is JSON of the same value', () => {
  const value = { [HOSTILE]: [HOSTILE, 1, null] };
  const json = printableJson(value);
  expect(printable(json)).toBe(json);
  expect(JSON.parse(json)).toEqual(value);
});

test('the message of a GatewayError is one printable line', () => {
  const { message } = new GatewayError('INVALID_SHARD', `closed: ${HOSTILE}`);
  expect(message).toBe(printable(`closed: ${HOSTILE}`));
});
