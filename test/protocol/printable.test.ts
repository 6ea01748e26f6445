import { describe, expect, test } from 'vitest';
import { GatewayError } from '../../src/protocol/errors.ts';
import { printable, printableJson, printableMessage, shortName } from '../../src/protocol/printable.ts';

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

describe('A text of the gateway that has no end', () => {
  const LONG = 'A'.repeat(100_000);

  test('is cut in a name, between two characters', () => {
    expect(shortName(LONG)).toBe(`${'A'.repeat(64)}…`);
    expect(shortName('MESSAGE_CREATE')).toBe('MESSAGE_CREATE');
    expect(shortName(`${'A'.repeat(63)}🐢`).isWellFormed()).toBe(true);
  });

  test('loses its middle in the message of an error, whose beginning and end stay', () => {
    const { message } = new GatewayError('INVALID_SHARD', `the gateway said ${LONG} and closed`);
    expect(message).toBe(printableMessage(`the gateway said ${LONG} and closed`));
    expect(message).toHaveLength(2_001);
    expect(message).toMatch(/^the gateway said A+…A+ and closed$/);
    expect(printableMessage(`${'🐢'.repeat(1_000)}x${'🐢'.repeat(1_000)}`).isWellFormed()).toBe(true);
  });

  test('leaves a message of 2,000 characters whole', () => {
    expect(printableMessage(LONG.slice(0, 2_000))).toBe(LONG.slice(0, 2_000));
  });
});
