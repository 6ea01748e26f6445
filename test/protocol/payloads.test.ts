/** The payloads of a shard: the handshake byte by byte, and the errors for invalid payloads. */
import * as fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import { GatewayError } from '../../src/protocol/errors.ts';
import {
  heartbeatPayload,
  identifyPayload,
  MAX_PAYLOAD_BYTES,
  resumePayload,
  serializePayload,
} from '../../src/protocol/payloads.ts';
import { Token } from '../../src/protocol/token.ts';

const token = new Token('t0ken');
const properties = { os: 'linux', browser: 'b', device: 'd' };

function failureOf(payload: unknown): { code: string; message: string } {
  try {
    serializePayload(payload);
  } catch (error) {
    if (error instanceof GatewayError) return { code: error.code, message: error.message };
  }
  throw new Error('expected a GatewayError');
}

/** Returns the text, or `null` after a GatewayError. Any other error fails the test. */
function trySerialize(payload: unknown): string | null {
  try {
    return serializePayload(payload);
  } catch (error) {
    if (error instanceof GatewayError) return null;
    throw error;
  }
}

describe('identifyPayload()', () => {
  test('omits options that are not set', () => {
    const options = { intents: 513, shardId: 1, shardCount: 4, properties, compress: false };
    expect(JSON.parse(identifyPayload(token, { ...options, largeThreshold: undefined, presence: undefined }))).toEqual({
      op: 2,
      d: { token: 't0ken', intents: 513, properties, shard: [1, 4] },
    });
  });

  test('has payload compression, the large threshold and the presence', () => {
    const presence = { since: null, activities: [], status: 'idle' as never, afk: false };
    const options = {
      intents: 0,
      shardId: 0,
      shardCount: 1,
      properties,
      compress: true,
      largeThreshold: 250,
      presence,
    };
    expect(JSON.parse(identifyPayload(token, options))).toEqual({
      op: 2,
      d: { token: 't0ken', intents: 0, properties, compress: true, large_threshold: 250, shard: [0, 1], presence },
    });
  });
});

describe('resumePayload()', () => {
  test('has token, session id and sequence', () => {
    expect(resumePayload(token, 'abc', 0)).toBe('{"op":6,"d":{"token":"t0ken","session_id":"abc","seq":0}}');
  });
});

describe('heartbeatPayload()', () => {
  test.each([
    [null, '{"op":1,"d":null}'],
    [0, '{"op":1,"d":0}'],
    [42, '{"op":1,"d":42}'],
  ])('returns for the sequence %o: %s', (sequence, text) => {
    expect(heartbeatPayload(sequence)).toBe(text);
  });
});

describe('serializePayload()', () => {
  test.each([3, 4, 8, 31, 43])('writes op %i with its data and nothing else', (op) => {
    expect(serializePayload({ op, d: { guild_id: '1' }, s: 5, t: 'X' })).toBe(`{"op":${op},"d":{"guild_id":"1"}}`);
  });

  test.each([
    [0, 'Dispatch (op 0)'],
    [1, 'Heartbeat (op 1)'],
    [2, 'Identify (op 2)'],
    [6, 'Resume (op 6)'],
    [99, 'op 99 (op 99)'],
    [Number.NaN, 'op NaN (op NaN)'],
  ])('throws OPCODE_NOT_ALLOWED for op %i, which only the shard or Discord sends', (op, name) => {
    expect(failureOf({ op, d: {} })).toEqual({
      code: 'OPCODE_NOT_ALLOWED',
      message: `${name} can't be sent with send()`,
    });
  });

  test.each([undefined, null, 'text', 3, [], {}, { d: {} }, { op: '3', d: {} }])(
    'throws INVALID_PAYLOAD for %j, which is not a payload',
    (payload) => {
      expect(failureOf(payload)).toEqual({
        code: 'INVALID_PAYLOAD',
        message: 'a payload must be an object with a numeric op',
      });
    },
  );

  test.each([{ op: 3 }, { op: 3, d: null }, { op: 3, d: 1 }, { op: 3, d: '{}' }])(
    'throws INVALID_PAYLOAD for %j, which has no data',
    (payload) => {
      expect(failureOf(payload)).toEqual({ code: 'INVALID_PAYLOAD', message: 'd must be an object' });
    },
  );

  test('throws INVALID_PAYLOAD for data that JSON cannot hold, with the TypeError as its cause', () => {
    const circular: Record<string, unknown> = {};
    circular['self'] = circular;
    for (const d of [circular, { id: 1n }]) {
      expect(failureOf({ op: 8, d })).toEqual({
        code: 'INVALID_PAYLOAD',
        message: 'the payload cannot be written as JSON',
      });
      expect(() => serializePayload({ op: 8, d })).toThrow(expect.objectContaining({ cause: expect.any(TypeError) }));
    }
  });

  test('accepts 4096 bytes of UTF-8, and throws PAYLOAD_TOO_LARGE for one more', () => {
    const room = MAX_PAYLOAD_BYTES - Buffer.byteLength('{"op":8,"d":{"query":""}}');
    const full = (extra: number) => ({ op: 8, d: { query: 'x'.repeat(room - 3 + extra) + '€' } });
    expect(Buffer.byteLength(serializePayload(full(0)))).toBe(MAX_PAYLOAD_BYTES);
    expect(failureOf(full(1))).toEqual({
      code: 'PAYLOAD_TOO_LARGE',
      message: 'the payload has 4097 bytes; Discord accepts up to 4096',
    });
  });

  test('returns the JSON of the payload, or throws a GatewayError, for any value', () => {
    const payload = fc.oneof(fc.anything(), fc.record({ op: fc.constantFrom(3, 4, 8, 31, 43), d: fc.jsonValue() }));
    fc.assert(
      fc.property(payload, (value) => {
        const text = trySerialize(value);
        if (text === null) return;
        const { op, d } = value as { op: number; d: unknown };
        expect(text).toBe(JSON.stringify({ op, d }));
        expect(Buffer.byteLength(text)).toBeLessThanOrEqual(MAX_PAYLOAD_BYTES);
      }),
    );
  });
});
