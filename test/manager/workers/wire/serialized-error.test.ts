import { describe, expect, test } from 'vitest';
import { GatewayError } from '../../../../src/index.ts';
import { deserializeError, serializeError } from '../../../../src/manager/workers/wire/serialized-error.ts';

const roundTrip = (thrown: unknown): Error => deserializeError(structuredClone(serializeError(thrown)));

describe('serializeError() and deserializeError()', () => {
  test('keep the class, code, hint, close code, opcode and causes of a GatewayError', () => {
    const cause = Object.assign(new TypeError('no disk', { cause: 'a text' }), { code: 'ENOSPC' });
    const error = new GatewayError('SESSION_STORE_FAILED', 'not saved', {
      hint: 'Make room.',
      closeCode: 4000,
      opcode: 3,
      cause,
    });
    const copy = roundTrip(error);
    expect(copy).toBeInstanceOf(GatewayError);
    expect(copy).toMatchObject({
      code: 'SESSION_STORE_FAILED',
      message: 'not saved',
      hint: 'Make room.',
      closeCode: 4000,
      opcode: 3,
    });
    expect(copy.cause).toMatchObject({
      name: 'TypeError',
      message: 'no disk',
      code: 'ENOSPC',
      stack: cause.stack,
      cause: new Error('a text'),
    });
  });

  test('accept any thrown value, also one that has no text', () => {
    const withoutPrototype = Object.create(null) as object;
    expect([null, 7, withoutPrototype].map((thrown) => roundTrip(thrown).message)).toEqual([
      'null',
      '7',
      'a value that can not be converted to a string',
    ]);
  });

  test('accept an error that is its own cause', () => {
    const loop = new Error('loop');
    loop.cause = loop;
    expect(roundTrip(loop).message).toBe('loop');
  });
});
