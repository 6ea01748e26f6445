/**
 * Compares packets parsed in chunks with `JSON.parse`: the same value, or none. `isDeepStrictEqual`, because `toEqual`
 * ignores some property names.
 */
import { isDeepStrictEqual } from 'node:util';
import * as fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import { parseInChunks, parsePacket } from '../../src/decoding/parse-packet.ts';

const packetOf = (d: string): string => `{"t":"GUILD_CREATE","s":1,"op":0,"d":${d}}`;

/** Parses a text with very small chunks. */
const inChunks = (text: string | Buffer, minBytes = 1): object | null =>
  parseInChunks(Buffer.from(text as string), minBytes);

describe('parseInChunks()', () => {
  test.each([
    ['one list', '{"members":[{"id":"1"},{"id":"2"},{"id":"3"}]}'],
    [
      'several lists among other things',
      '{"id":"7","roles":[1,2,3],"name":"é日本🎉","channels":["a","b"],"large":true}',
    ],
    ['lists within lists', '{"members":[[1,2],[[3,4],[5]],{"roles":["6","7"]}]}'],
    ['strings that contain the end of an element', '{"members":["},{","],[","\\"]","\\\\",{"a":"[,]"}]}'],
    ['an empty list beside a long one', '{"a":[],"b":[1,2],"c":[]}'],
    ['a list of empty values', '{"a":[[],{},"",[[]]]}'],
    ['names that are numbers, which objects order first', '{"b":[1,2],"2":[3,4],"1":[5,6]}'],
    ['a name with escapes', '{"\\u0061\\n\\"b":[1,2]}'],
    ['white space everywhere', '{ "a" : [ 1 , 2 , { "b" : [ 3 ] } ] , "c" : 4 }'],
    ['the prototype as a name', '{"__proto__":[1,2],"constructor":[3,4]}'],
  ])('returns the same value as JSON.parse for %s', (_what, d) => {
    const text = packetOf(d);
    expect(isDeepStrictEqual(inChunks(text), JSON.parse(text))).toBe(true);
  });

  test.each([
    ['no list in d', packetOf('{"a":{"b":[1,2]}}')],
    ['a name that occurs twice', packetOf('{"a":[1,2],"a":[3,4]}')],
    ['a list that a later value replaces', packetOf('{"a":[1,2],"a":3}')],
    ['a list that is not in d', '{"t":"X","s":1,"x":{"a":[1,2]},"op":0,"d":{"b":[3,4]}}'],
    ['a d that is null', '{"x":{"a":[1,2]},"d":null}'],
    ['an array instead of a packet', '[{"a":[1,2]}]'],
    ['an empty text', ''],
  ])('returns null for %s', (_what, text) => {
    expect(inChunks(text)).toBeNull();
  });

  test.each([
    ['nothing between two commas', '{"a":[1,,2]}'],
    ['a leading comma', '{"a":[,1]}'],
    ['a trailing comma', '{"a":[1,2,]}'],
    ['only a comma', '{"a":[,]}'],
    ['brackets that do not match', '{"a":[1,{2],3}}'],
    ['a list that is closed like an object', '{"a":[1,2}}'],
    ['a list that is not closed', '{"a":[1,2'],
    ['a string that is not closed', '{"a":[1,"2]}'],
    ['a backslash outside of strings', '{"a":[1,\\"2"]}'],
    ['two values without a comma', '{"a":[1,2 3]}'],
    ['more text after the packet', '{"a":[1,2]}}'],
  ])('returns null for invalid JSON, and parsePacket() throws: %s', (_what, d) => {
    expect(inChunks(packetOf(d))).toBeNull();
    expect(() => parsePacket(Buffer.from(packetOf(d)))).toThrow(SyntaxError);
  });

  test('returns the same value as JSON.parse for any packet and any size of chunks', () => {
    fc.assert(
      fc.property(
        fc.dictionary(
          fc.string({ unit: 'binary' }),
          fc.oneof(fc.jsonValue(), fc.array(fc.jsonValue({ maxDepth: 3 }), { minLength: 1 })),
        ),
        fc.integer({ min: 1, max: 40 }),
        fc.constantFrom(undefined, 1),
        (d, minBytes, space) => {
          const text = JSON.stringify({ t: 'X', s: 1, op: 0, d }, null, space);
          const packet = inChunks(text, minBytes);
          fc.pre(packet !== null);
          expect(isDeepStrictEqual(packet, JSON.parse(text))).toBe(true);
        },
      ),
      { numRuns: 500 },
    );
  });

  test('returns null or the value of JSON.parse for any sequence of characters', () => {
    const character = fc.constantFrom(
      '[',
      ']',
      '{',
      '}',
      ',',
      '"',
      '\\',
      ':',
      '1',
      ' ',
      'é',
      '"a":[',
      '[1,2]',
      '{"b":',
    );
    fc.assert(
      fc.property(fc.array(character, { maxLength: 30 }), fc.integer({ min: 1, max: 4 }), (characters, minBytes) => {
        const text = packetOf(`{"a":[1,${characters.join('')}]}`);
        const packet = inChunks(text, minBytes);
        expect(packet === null || isDeepStrictEqual(packet, JSON.parse(text))).toBe(true);
      }),
      { numRuns: 5_000 },
    );
  });

  test('decodes bytes that are not UTF-8 like JSON.parse of the whole', () => {
    fc.assert(
      fc.property(fc.array(fc.uint8Array({ maxLength: 8 }), { minLength: 2, maxLength: 6 }), (strings) => {
        const bytes = Buffer.concat([
          Buffer.from('{"d":{"a":['),
          ...strings.flatMap((string, index) => [
            Buffer.from(index === 0 ? '"' : ',"'),
            string.filter((byte) => byte > 0x5c),
            Buffer.from('"'),
          ]),
          Buffer.from(']}}'),
        ]);
        expect(isDeepStrictEqual(parseInChunks(bytes, 1), JSON.parse(bytes.toString()))).toBe(true);
      }),
    );
  });
});

/** Returns a guild with roughly this many bytes of members. */
const guildOf = (bytes: number): object => ({
  id: '1',
  members: Array.from({ length: bytes / 80 }, (_, n) => ({
    user: { id: String(n), username: '日本' },
    roles: ['1', '2'],
    nick: 'é"]},{',
  })),
  presences: Array.from({ length: bytes / 300 }, (_, n) => ({
    user: { id: String(n) },
    activities: [{ name: 'a' }, { name: 'b' }],
  })),
  large: true,
});

describe('parsePacket()', () => {
  test.each([100, 40_000, 60_000, 65_536, 65_600, 200_000, 1_500_000])('parses a packet of about %i bytes', (bytes) => {
    const text = packetOf(JSON.stringify(guildOf(bytes)));
    expect(isDeepStrictEqual(parsePacket(Buffer.from(text)), JSON.parse(text))).toBe(true);
  });
});
