/** What a shard writes: the handshake byte for byte, and what a user's payload is refused for. */
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

function refusal(payload: unknown): { code: string; message: string } {
  try {
    serializePayload(payload);
  } catch (error) {
    if (error instanceof GatewayError) return { code: error.code, message: error.message };
  }
  throw new Error('expected a GatewayError');
}

/** The text, or `null` when it was refused as documented; anything else thrown fails the test. */
function written(payload: unknown): string | null {
  try {
    return serializePayload(payload);
  } catch (error) {
    if (error instanceof GatewayError) return null;
    throw error;
  }
}

describe('IDENTIFY', () => {
  test('leaves out what was not asked for', () => {
    const options = { intents: 513, shardId: 1, shardCount: 4, properties, compress: false };
    expect(JSON.parse(identifyPayload(token, { ...options, largeThreshold: undefined, presence: undefined }))).toEqual({
      op: 2,
      d: { token: 't0ken', intents: 513, properties, shard: [1, 4] },
    });
  });

  test('carries payload compression, the large threshold and the presence', () => {
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

test('RESUME carries token, session id and sequence', () => {
  expect(resumePayload(token, 'abc', 0)).toBe('{"op":6,"d":{"token":"t0ken","session_id":"abc","seq":0}}');
});

test.each([
  [null, '{"op":1,"d":null}'],
  [0, '{"op":1,"d":0}'],
  [42, '{"op":1,"d":42}'],
])('a heartbeat at sequence %o is %s', (sequence, text) => {
  expect(heartbeatPayload(sequence)).toBe(text);
});

describe('serializePayload', () => {
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
  ])('refuses op %i, whose sender is not the user', (op, name) => {
    expect(refusal({ op, d: {} })).toEqual({ code: 'OPCODE_NOT_ALLOWED', message: `${name} can't be sent with send()` });
  });

  test.each([undefined, null, 'text', 3, [], {}, { d: {} }, { op: '3', d: {} }])(
    'refuses %j as no payload',
    (payload) => {
      expect(refusal(payload)).toEqual({
        code: 'INVALID_PAYLOAD',
        message: 'a payload must be an object with a numeric op',
      });
    },
  );

  test.each([{ op: 3 }, { op: 3, d: null }, { op: 3, d: 1 }, { op: 3, d: '{}' }])(
    'refuses %j, which has no data',
    (payload) => {
      expect(refusal(payload)).toEqual({ code: 'INVALID_PAYLOAD', message: 'd must be an object' });
    },
  );

  test('refuses what JSON cannot hold, with the reason as the cause', () => {
    const circular: Record<string, unknown> = {};
    circular['self'] = circular;
    for (const d of [circular, { id: 1n }]) {
      expect(refusal({ op: 8, d })).toEqual({
        code: 'INVALID_PAYLOAD',
        message: 'the payload cannot be written as JSON',
      });
      expect(() => serializePayload({ op: 8, d })).toThrow(expect.objectContaining({ cause: expect.any(TypeError) }));
    }
  });

  test('takes 4096 bytes of UTF-8 and not one more', () => {
    const room = MAX_PAYLOAD_BYTES - Buffer.byteLength('{"op":8,"d":{"query":""}}');
    const full = (extra: number) => ({ op: 8, d: { query: 'x'.repeat(room - 3 + extra) + '€' } });
    expect(Buffer.byteLength(serializePayload(full(0)))).toBe(MAX_PAYLOAD_BYTES);
    expect(refusal(full(1))).toEqual({
      code: 'PAYLOAD_TOO_LARGE',
      message: 'the payload has 4097 bytes; Discord accepts up to 4096',
    });
  });

  test('gives text that reads as the payload, or a GatewayError, whatever it is given', () => {
    const payload = fc.oneof(fc.anything(), fc.record({ op: fc.constantFrom(3, 4, 8, 31, 43), d: fc.jsonValue() }));
    fc.assert(
      fc.property(payload, (given) => {
        const text = written(given);
        if (text === null) return;
        const { op, d } = given as { op: number; d: unknown };
        expect(text).toBe(JSON.stringify({ op, d }));
        expect(Buffer.byteLength(text)).toBeLessThanOrEqual(MAX_PAYLOAD_BYTES);
      }),
    );
  });
});
