/** Packets parsed in portions against `JSON.parse`: the same value, or none. `toEqual` does not see all names. */
import { isDeepStrictEqual } from 'node:util';
import * as fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { parseInChunks, parsePacket } from '../../src/decoding/parse-packet.ts';

const packetOf = (d: string): string => `{"t":"GUILD_CREATE","s":1,"op":0,"d":${d}}`;

/** What the whole text is, with a portion for every few bytes; `null` when it was left to `JSON.parse`. */
const inChunks = (text: string | Buffer, minBytes = 1): object | null =>
  parseInChunks(Buffer.from(text as string), minBytes);

describe('a packet that is parsed in portions', () => {
  it.each([
    ['one list', '{"members":[{"id":"1"},{"id":"2"},{"id":"3"}]}'],
    [
      'several lists among other things',
      '{"id":"7","roles":[1,2,3],"name":"é日本🎉","channels":["a","b"],"large":true}',
    ],
    ['lists within lists', '{"members":[[1,2],[[3,4],[5]],{"roles":["6","7"]}]}'],
    ['what looks like the end of an element within strings', '{"members":["},{","],[","\\"]","\\\\",{"a":"[,]"}]}'],
    ['an empty list beside a long one', '{"a":[],"b":[1,2],"c":[]}'],
    ['a list of empty things', '{"a":[[],{},"",[[]]]}'],
    ['names that are numbers, which come first', '{"b":[1,2],"2":[3,4],"1":[5,6]}'],
    ['a name with escapes', '{"\\u0061\\n\\"b":[1,2]}'],
    ['white space everywhere', '{ "a" : [ 1 , 2 , { "b" : [ 3 ] } ] , "c" : 4 }'],
    ['the prototype as a name', '{"__proto__":[1,2],"constructor":[3,4]}'],
  ])('has the same value: %s', (_what, d) => {
    const text = packetOf(d);
    expect(isDeepStrictEqual(inChunks(text), JSON.parse(text))).toBe(true);
  });

  it.each([
    ['no list in d', packetOf('{"a":{"b":[1,2]}}')],
    ['a name that is there twice', packetOf('{"a":[1,2],"a":[3,4]}')],
    ['a list that a later value replaces', packetOf('{"a":[1,2],"a":3}')],
    ['a list that is not in d', '{"t":"X","s":1,"x":{"a":[1,2]},"op":0,"d":{"b":[3,4]}}'],
    ['d that is null', '{"x":{"a":[1,2]},"d":null}'],
    ['no packet at all', '[{"a":[1,2]}]'],
    ['nothing', ''],
  ])('is left to JSON.parse: %s', (_what, text) => {
    expect(inChunks(text)).toBeNull();
  });

  it.each([
    ['nothing between two commas', '{"a":[1,,2]}'],
    ['a comma in front', '{"a":[,1]}'],
    ['a comma behind', '{"a":[1,2,]}'],
    ['only a comma', '{"a":[,]}'],
    ['brackets that do not match', '{"a":[1,{2],3}}'],
    ['a list that closes as an object', '{"a":[1,2}}'],
    ['a list that does not close', '{"a":[1,2'],
    ['a string that does not close', '{"a":[1,"2]}'],
    ['a backslash outside of strings', '{"a":[1,\\"2"]}'],
    ['two values without a comma', '{"a":[1,2 3]}'],
    ['more behind the packet', '{"a":[1,2]}}'],
  ])('is no packet: %s', (_what, d) => {
    expect(inChunks(packetOf(d))).toBeNull();
    expect(() => parsePacket(Buffer.from(packetOf(d)))).toThrow(SyntaxError);
  });

  it('has the same value as the whole, whatever is in it and wherever it is cut', () => {
    fc.assert(
      fc.property(
        fc.dictionary(
          fc.string({ unit: 'binary' }),
          fc.oneof(fc.jsonValue(), fc.array(fc.jsonValue({ maxDepth: 3 }), { minLength: 1 })),
        ),
        fc.integer({ min: 1, max: 40 }),
        fc.constantFrom(undefined, 1),
        (d, leastBytes, space) => {
          const text = JSON.stringify({ t: 'X', s: 1, op: 0, d }, null, space);
          const packet = inChunks(text, leastBytes);
          fc.pre(packet !== null);
          expect(isDeepStrictEqual(packet, JSON.parse(text))).toBe(true);
        },
      ),
      { numRuns: 500 },
    );
  });

  it('is refused whenever JSON.parse refuses the whole, and has its value otherwise', () => {
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
      fc.property(fc.array(character, { maxLength: 30 }), fc.integer({ min: 1, max: 4 }), (characters, leastBytes) => {
        const text = packetOf(`{"a":[1,${characters.join('')}]}`);
        const packet = inChunks(text, leastBytes);
        expect(packet === null || isDeepStrictEqual(packet, JSON.parse(text))).toBe(true);
      }),
      { numRuns: 5_000 },
    );
  });

  it('has the same letters when the bytes are no UTF-8', () => {
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

/** A guild with so many bytes of members, roughly. */
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

describe('a packet of any size', () => {
  it.each([100, 40_000, 60_000, 65_536, 65_600, 200_000, 1_500_000])('of about %i bytes is parsed', (bytes) => {
    const text = packetOf(JSON.stringify(guildOf(bytes)));
    expect(isDeepStrictEqual(parsePacket(Buffer.from(text)), JSON.parse(text))).toBe(true);
  });
});
