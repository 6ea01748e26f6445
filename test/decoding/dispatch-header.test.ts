/** Compares the header reader with `JSON.parse`: the same result, or none. */
import { deepEqual, equal } from 'node:assert/strict';
import * as fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import { DispatchHeaderReader } from '../../src/decoding/dispatch-header.ts';
import { realisticMessages } from '../kit/compressed-streams.ts';

/** Returns what the reader reads, or `null` if it leaves the packet to `JSON.parse`. */
function headerOf(text: string | Buffer): { t: string; s: number } | null {
  const header = new DispatchHeaderReader();
  const bytes = Buffer.from(text as string);
  return header.read(bytes) && header.isWhole(bytes) ? { t: header.t, s: header.s } : null;
}

const tryParse = (text: string): unknown => {
  try {
    return JSON.parse(text);
  } catch {
    return undefined;
  }
};

/** Mostly the usual value: otherwise the reader would recognize nothing. */
const mostly = <T>(usual: T, ...rare: T[]): fc.Arbitrary<T> =>
  fc.oneof({ weight: 8, arbitrary: fc.constant(usual) }, { weight: 1, arbitrary: fc.constantFrom(usual, ...rare) });

/** Compares the header with the parsed packet. Returns whether the reader recognized the packet. */
function expectToAgree(text: string | Buffer): boolean {
  const header = headerOf(text);
  if (header === null) return false;
  const packet = tryParse(text.toString()) as { d: unknown } | undefined;
  // Invalid JSON within `d` shows when `d` is read; the text cannot be invalid anywhere else.
  if (packet !== undefined) {
    deepEqual({ ...packet, d: typeof packet.d }, { ...header, op: 0, d: 'object' });
    equal(packet.d === null || Array.isArray(packet.d), false);
  }
  return true;
}

describe('DispatchHeaderReader', () => {
  test.each([
    [
      'as Discord writes it',
      '{"t":"MESSAGE_CREATE","s":42,"op":0,"d":{"content":"hi"}}',
      { t: 'MESSAGE_CREATE', s: 42 },
    ],
    ['with the opcode first', '{"op":0,"t":"A_1","s":0,"d":{}}', { t: 'A_1', s: 0 }],
    [
      'with the sequence first',
      '{"s":999999999999999,"op":0,"t":"X","d":{"d":{"t":"Y"}}}',
      { t: 'X', s: 999_999_999_999_999 },
    ],
    [
      'with brackets and quotes in strings',
      '{"t":"X","s":1,"op":0,"d":{"a":"}\\"}{[\\\\","b":["{"]}}',
      { t: 'X', s: 1 },
    ],
    ['with letters of all alphabets', '{"t":"X","s":1,"op":0,"d":{"é":"日本 🎉 \\ud83c"}}', { t: 'X', s: 1 }],
  ])('reads a dispatch %s', (_form, text, header) => {
    expect(headerOf(text)).toEqual(header);
    expect(expectToAgree(text)).toBe(true);
  });

  test.each([
    ['an empty text', ''],
    ['leading white space', ' {"t":"X","s":1,"op":0,"d":{}}'],
    ['white space within', '{"t": "X","s":1,"op":0,"d":{}}'],
    ['trailing white space', '{"t":"X","s":1,"op":0,"d":{}}\n'],
    ['white space before the end', '{"t":"X","s":1,"op":0,"d":{} }'],
    ['an escape in t', '{"t":"X\\u0041","s":1,"op":0,"d":{}}'],
    ['small letters in t', '{"t":"x","s":1,"op":0,"d":{}}'],
    ['a t that is null', '{"t":null,"s":1,"op":0,"d":{}}'],
    ['an s that is null', '{"t":"X","s":null,"op":0,"d":{}}'],
    ['an s with an exponent', '{"t":"X","s":1e3,"op":0,"d":{}}'],
    ['an s below zero', '{"t":"X","s":-0,"op":0,"d":{}}'],
    ['an s with a fraction', '{"t":"X","s":1.5,"op":0,"d":{}}'],
    ['an s with a leading zero', '{"t":"X","s":01,"op":0,"d":{}}'],
    ['an s that no number can hold', '{"t":"X","s":9007199254740993,"op":0,"d":{}}'],
    ['another opcode', '{"t":"X","s":1,"op":10,"d":{}}'],
    ['an opcode that begins with 0', '{"t":"X","s":1,"op":0.5,"d":{}}'],
    ['t twice', '{"t":"X","t":"Y","s":1,"op":0,"d":{}}'],
    ['t after d', '{"t":"X","s":1,"op":0,"d":{},"t":"Y"}'],
    ['a t after d that is an object', '{"t":"X","s":1,"op":0,"d":{},"t":{}}'],
    ['an escaped op after d', '{"t":"X","s":1,"op":0,"d":{},"\\u006fp":7,"x":{}}'],
    ['d twice', '{"t":"X","s":1,"op":0,"d":{},"d":{"a":{}}}'],
    ['no s', '{"t":"X","op":0,"d":{}}'],
    ['another field', '{"t":"X","s":1,"op":0,"x":1,"d":{}}'],
    ['a d that is null', '{"t":"X","s":1,"op":0,"d":null}'],
    ['a d that is an array', '{"t":"X","s":1,"op":0,"d":[]}'],
    ['a d that is not finished', '{"t":"X","s":1,"op":0,"d":{"a":{}}'],
    ['a d that ends within a string', '{"t":"X","s":1,"op":0,"d":{"a":"}}'],
    ['a d that ends within an escape', '{"t":"X","s":1,"op":0,"d":{"a":"\\}}'],
    ['two packets in one', '{"t":"X","s":1,"op":0,"d":{}}{"t":"Y","s":2,"op":0,"d":{}}'],
    ['text after the packet', '{"t":"X","s":1,"op":0,"d":{}}}'],
    ['a byte order mark', '\ufeff{"t":"X","s":1,"op":0,"d":{}}'],
  ])('leaves a packet to the parser for %s', (_what, text) => {
    expect(headerOf(text)).toBe(null);
  });

  test('reads different names with the same hash', () => {
    // 31 × 65 + 80 and 31 × 66 + 49.
    for (const t of ['AP', 'B1', 'AP', 'B1']) expect(headerOf(`{"t":"${t}","s":1,"op":0,"d":{}}`)).toEqual({ t, s: 1 });
  });

  test('reads every dispatch of a realistic connection', () => {
    for (const text of realisticMessages(200)) {
      const { t, s, op } = JSON.parse(text) as { t: string; s: number; op: number };
      expect(headerOf(text)).toEqual(op === 0 ? { t, s } : null);
    }
  });

  test('agrees with JSON.parse on any packet it recognizes', () => {
    const space = mostly('', ' ', '\n', '\t');
    const keys = fc.constantFrom('"t"', '"s"', '"op"', '"d"', '"x"', '"\\u0074"', '"o\\u0070"', '"T"', '""');
    const strings = fc.constantFrom(
      '"A"',
      '"MESSAGE_CREATE"',
      '"a"',
      '""',
      '"\\u0041"',
      '"}"',
      '"A\\""',
      '"é"',
      '"日"',
    );
    const numbers = fc.constantFrom(
      '0',
      '1',
      '42',
      '-0',
      '-1',
      '1e3',
      '0.5',
      '00',
      '1E+2',
      '123456789012345',
      '1234567890123456',
      '99999999999999999999',
    );
    const objects = fc.oneof(
      fc.constantFrom('{}', '{"t":"B"}', '{"d":{},"s":3}', '{"a":"\\\\"}', '{"a":"\\"}"}'),
      fc.json({ maxDepth: 3 }).map((json) => `{"j":${json}}`),
    );
    const values = fc.oneof(
      strings,
      numbers,
      objects,
      fc.constantFrom('null', 'true', '[]', '[{}]', '{', '}', '{]', '"', 'nul'),
    );
    const likely = fc.oneof(
      {
        weight: 9,
        arbitrary: fc.record({
          t: fc.oneof(fc.constant('"A"'), strings),
          s: fc.oneof(fc.constant('7'), numbers),
          d: objects,
        }),
      },
      { weight: 1, arbitrary: fc.record({ t: values, s: values, d: values }) },
    );
    const fields = likely.chain(({ t, s, d }) =>
      fc
        .oneof(
          {
            weight: 3,
            arbitrary: fc.constantFrom([0, 1, 2, 3], [2, 0, 1, 3], [1, 0, 2, 3], [2, 3, 1, 0], [0, 1, 2, 3, 3]),
          },
          { weight: 1, arbitrary: fc.array(fc.nat({ max: 3 }), { maxLength: 6 }) },
        )
        .map((order) =>
          order.map(
            (index) =>
              [
                ['"t"', t],
                ['"s"', s],
                ['"op"', '0'],
                ['"d"', d],
              ][index] as [string, string],
          ),
        ),
    );
    const others = fc.oneof(fc.constant([]), fc.array(fc.tuple(keys, values), { maxLength: 2 }));
    const tails = mostly('', '}', ' ', '{}', ',', '\u0000');
    const cuts = mostly(0, 1, 2, 3);
    const runs = { recognized: 0, all: 0 };
    fc.assert(
      fc.property(fields, others, space, tails, cuts, (known, more, gap, tail, cut) => {
        const body = [...known, ...more].map(([key, value]) => `${key}:${gap}${value}`).join(`,${gap}`);
        const text = `{${body}${gap}}${tail}`;
        runs.all += 1;
        if (expectToAgree(text.slice(0, text.length - cut))) runs.recognized += 1;
      }),
      { numRuns: 5_000 },
    );
    // The reader must not agree just by recognizing nothing.
    expect(runs.recognized / runs.all).toBeGreaterThan(0.05);
  });

  test('agrees with JSON.parse on a packet with changed, missing or extra bytes', () => {
    const base =
      '{"t":"MESSAGE_CREATE","s":1234,"op":0,"d":{"t":"x","a":[{"b":"\\"}{"}],"c":"é🎉","e":-1.5e3,"f":null}}';
    const edits = fc.array(
      fc.record({
        at: fc.nat(),
        remove: fc.nat({ max: 2 }),
        put: fc.constantFrom(
          '',
          '"',
          '\\',
          '{',
          '}',
          ',',
          ':',
          '[',
          ']',
          '0',
          't',
          ' ',
          'é',
          '"t":"Y",',
          '}}',
          '\u0000',
        ),
      }),
      { minLength: 1, maxLength: 3 },
    );
    let recognized = 0;
    fc.assert(
      fc.property(edits, (all) => {
        let text = base;
        for (const { at, remove, put } of all) {
          const place = at % (text.length + 1);
          text = text.slice(0, place) + put + text.slice(place + remove);
        }
        if (expectToAgree(text)) recognized += 1;
      }),
      { numRuns: 5_000 },
    );
    expect(recognized).toBeGreaterThan(500);
  });

  test('agrees with JSON.parse on bytes that are not UTF-8', () => {
    const noise = fc.uint8Array({ maxLength: 12 });
    let recognized = 0;
    fc.assert(
      fc.property(noise, noise, (inString, outside) => {
        const bytes = Buffer.concat([
          Buffer.from('{"t":"X","s":1,"op":0,"d":{"a":"'),
          inString,
          Buffer.from('"'),
          outside,
          Buffer.from('}}'),
        ]);
        if (expectToAgree(bytes)) recognized += 1;
      }),
      { numRuns: 3_000 },
    );
    expect(recognized).toBeGreaterThan(300);
  });
});
