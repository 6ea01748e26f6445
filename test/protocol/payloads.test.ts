/** The payloads of a shard: the handshake byte by byte, and the errors for invalid payloads. */
import * as fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import { GatewayError } from '../../src/protocol/errors.ts';
import {
  checkPayload,
  checkPresence,
  heartbeatPayload,
  identifyPayload,
  MAX_PAYLOAD_BYTES,
  resumePayload,
} from '../../src/protocol/payloads.ts';
import { Token } from '../../src/protocol/token.ts';

const token = new Token('t0ken');
const properties = { os: 'linux', browser: 'b', device: 'd' };

function failureOf(payload: unknown): { code: string; message: string } {
  try {
    checkPayload(payload);
  } catch (error) {
    if (error instanceof GatewayError) return { code: error.code, message: error.message };
  }
  throw new Error('expected a GatewayError');
}

/** Returns the text, or `null` after a GatewayError. Any other error fails the test. */
function trySerialize(payload: unknown): string | null {
  try {
    return checkPayload(payload).text;
  } catch (error) {
    if (error instanceof GatewayError) return null;
    throw error;
  }
}

const PRESENCE = { since: null, activities: [], status: 'online', afk: false };
const VOICE = { guild_id: '1', channel_id: '2', self_mute: false, self_deaf: true };

const VALID: readonly { op: number; d: unknown }[] = [
  { op: 3, d: PRESENCE },
  { op: 3, d: { ...PRESENCE, since: 5, status: 'idle', afk: true } },
  { op: 3, d: { ...PRESENCE, activities: [{ name: 'a', type: 4, state: 's', url: null }] } },
  { op: 4, d: VOICE },
  { op: 4, d: { ...VOICE, channel_id: null, an_unknown_field: 1 } },
  { op: 8, d: { guild_id: '1', query: '', limit: 0 } },
  { op: 8, d: { guild_id: '1', query: 'a', limit: 5, presences: true, nonce: 'é'.repeat(16) } },
  { op: 8, d: { guild_id: '1', user_ids: '18446744073709551615' } },
  { op: 8, d: { guild_id: '1', user_ids: Array.from({ length: 100 }, (_, id) => String(id)) } },
  { op: 31, d: { guild_ids: ['1', '2'] } },
  { op: 43, d: { guild_id: '1', fields: ['status', 'voice_start_time'] } },
];

const presenceProblem = (d: object, problem: string) => ({
  op: 3,
  d: { ...PRESENCE, ...d },
  message: `PresenceUpdate (op 3): ${problem}`,
});
const activityProblem = (activity: unknown, problem: string) =>
  presenceProblem({ activities: [{ name: 'a', type: 0 }, activity] }, `activities[1]${problem}`);
const voiceProblem = (d: object, problem: string) => ({
  op: 4,
  d: { ...VOICE, ...d },
  message: `VoiceStateUpdate (op 4): ${problem}`,
});
const membersProblem = (d: object, problem: string) => ({
  op: 8,
  d: { guild_id: '1', ...d },
  message: `RequestGuildMembers (op 8): ${problem}`,
});
const ID = 'an id as a string of digits';
const USER_IDS = 'user_ids must be an id, or an array of 1 to 100 ids, each a string of digits';
const GUILD_IDS =
  'RequestSoundboardSounds (op 31): guild_ids must be an array of one or more ids, each a string of digits';
const CHANNEL_FIELDS = "RequestChannelInfo (op 43): fields must be an array of 'status' and 'voice_start_time'";

const INVALID: readonly { op: number; d: unknown; message: string }[] = [
  presenceProblem({ since: undefined }, 'since must be a time in ms or null'),
  presenceProblem({ since: -1 }, 'since must be a time in ms or null'),
  presenceProblem({ activities: undefined }, 'activities must be an array of activities'),
  presenceProblem({ activities: {} }, 'activities must be an array of activities'),
  presenceProblem({ status: 'busy' }, 'status must be online, dnd, idle, invisible or offline'),
  presenceProblem({ afk: 0 }, 'afk must be true or false'),
  activityProblem(undefined, ' must be an object'),
  activityProblem({ type: 0 }, '.name must be a string'),
  activityProblem({ name: 'a' }, '.type must be an activity type such as 0 (Playing)'),
  activityProblem({ name: 'a', type: 'Playing' }, '.type must be an activity type such as 0 (Playing)'),
  activityProblem({ name: 'a', type: 4, state: 5 }, '.state must be a string or null'),
  activityProblem({ name: 'a', type: 1, url: {} }, '.url must be a string or null'),
  voiceProblem({ guild_id: 1 }, `guild_id must be ${ID}`),
  voiceProblem({ channel_id: undefined }, `channel_id must be ${ID}, or null to leave`),
  voiceProblem({ channel_id: '' }, `channel_id must be ${ID}, or null to leave`),
  voiceProblem({ self_mute: undefined }, 'self_mute must be true or false'),
  voiceProblem({ self_deaf: 'no' }, 'self_deaf must be true or false'),
  membersProblem({ guild_id: undefined, query: '', limit: 0 }, `guild_id must be ${ID}`),
  membersProblem({ guild_id: 308_994_132_968_210_400, query: '', limit: 0 }, `guild_id must be ${ID}`),
  membersProblem({ guild_id: ['1'], query: '', limit: 0 }, `guild_id must be ${ID}`),
  membersProblem({}, 'there must be either query or user_ids'),
  membersProblem({ query: '', limit: 0, user_ids: ['1'] }, 'there must be either query or user_ids'),
  membersProblem({ query: null, limit: 0 }, 'query must be a string'),
  membersProblem({ query: '' }, 'limit must be set together with query'),
  membersProblem({ query: '', limit: -1 }, 'limit must be an integer, 0 or more'),
  membersProblem({ user_ids: ['a'] }, USER_IDS),
  membersProblem({ user_ids: [] }, USER_IDS),
  membersProblem({ user_ids: Array.from({ length: 101 }, (_, id) => String(id)) }, USER_IDS),
  membersProblem({ user_ids: ['1'], presences: 1 }, 'presences must be true or false'),
  membersProblem({ user_ids: ['1'], nonce: 'é'.repeat(17) }, 'nonce must be a string of 1 to 32 bytes'),
  membersProblem({ user_ids: ['1'], nonce: 5 }, 'nonce must be a string of 1 to 32 bytes'),
  { op: 31, d: {}, message: GUILD_IDS },
  { op: 31, d: { guild_ids: [1] }, message: GUILD_IDS },
  { op: 31, d: { guild_ids: [] }, message: GUILD_IDS },
  { op: 43, d: { fields: ['status'] }, message: `RequestChannelInfo (op 43): guild_id must be ${ID}` },
  { op: 43, d: { guild_id: '1', fields: ['name'] }, message: CHANNEL_FIELDS },
  { op: 43, d: { guild_id: '1', fields: [] }, message: CHANNEL_FIELDS },
];

describe('checkPresence()', () => {
  test('returns a copy of a presence', () => {
    const copy = checkPresence(PRESENCE);
    expect(copy).toEqual(PRESENCE);
    expect(copy).not.toBe(PRESENCE);
  });

  test.each([
    [null, 'presence is not valid: d must be an object'],
    [{ status: 'online' }, 'presence is not valid: PresenceUpdate (op 3): since must be a time in ms or null'],
  ])('throws INVALID_OPTIONS for %j', (presence, message) => {
    expect(() => checkPresence(presence)).toThrow(expect.objectContaining({ code: 'INVALID_OPTIONS', message }));
  });
});

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

describe('checkPayload()', () => {
  test.each(VALID)('writes op $op with its data and nothing else: $d', ({ op, d }) => {
    const { text, payload } = checkPayload({ op, d, s: 5, t: 'X' });
    expect(text).toBe(JSON.stringify({ op, d }));
    expect(payload).toEqual({ op, d });
  });

  test.each(INVALID)('throws INVALID_PAYLOAD, naming the field: $message', ({ op, d, message }) => {
    expect(failureOf({ op, d })).toEqual({ code: 'INVALID_PAYLOAD', message });
  });

  test('checks what JSON makes of the data, and copies it', () => {
    const d = { guild_ids: { toJSON: () => ['1'] } };
    const { payload } = checkPayload({ op: 31, d });
    expect(payload).toEqual({ op: 31, d: { guild_ids: ['1'] } });
    d.guild_ids.toJSON = () => [];
    expect(payload).toEqual({ op: 31, d: { guild_ids: ['1'] } });
    expect(failureOf({ op: 31, d: { guild_ids: ['1'], toJSON: () => 'text' } }).message).toMatch(/d must be an object/);
  });

  test('leaves room for the rest of IDENTIFY, which carries the presence too', () => {
    const d = { ...PRESENCE, activities: [{ name: 'x'.repeat(3_100), type: 0 }] };
    expect(failureOf({ op: 3, d })).toEqual({
      code: 'PAYLOAD_TOO_LARGE',
      message: 'the payload has 3193 bytes; a presence may have 3072',
    });
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
    expect(failureOf({ op: 8, d: circular })).toEqual({
      code: 'INVALID_PAYLOAD',
      message: 'the payload cannot be written as JSON',
    });
    expect(() => checkPayload({ op: 8, d: circular })).toThrow(
      expect.objectContaining({ cause: expect.any(TypeError) }),
    );
  });

  test('throws INVALID_PAYLOAD for a bigint, and names its field', () => {
    expect(failureOf({ op: 8, d: { guild_id: 1n } })).toEqual({
      code: 'INVALID_PAYLOAD',
      message: 'JSON cannot hold the bigint guild_id; write an id as a string',
    });
  });

  test('accepts 4096 bytes of UTF-8, and throws PAYLOAD_TOO_LARGE for one more', () => {
    const room = MAX_PAYLOAD_BYTES - Buffer.byteLength('{"op":8,"d":{"guild_id":"1","limit":0,"query":""}}');
    const full = (extra: number) => ({
      op: 8,
      d: { guild_id: '1', limit: 0, query: 'x'.repeat(room - 3 + extra) + '€' },
    });
    expect(Buffer.byteLength(checkPayload(full(0)).text)).toBe(MAX_PAYLOAD_BYTES);
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
