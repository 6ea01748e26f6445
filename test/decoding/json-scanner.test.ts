/** The scanner that is written in WebAssembly against the plain loop, which does the same byte by byte. */
import { readFileSync } from 'node:fs';
import * as fc from 'fast-check';
import { afterEach, describe, expect, it, vi } from 'vitest';
import { MODULE_FILE, assembledModule } from '../../scripts/wasm/assemble.ts';
import { findObjectEnd, findObjectEndScalar, findChunks } from '../../src/decoding/json-scanner/json-scanner.ts';

/** Blocks have 64 bytes, windows 65,536. */
const EDGES = [0, 1, 62, 63, 64, 65, 127, 128, 65_534, 65_535, 65_536, 65_537, 131_072];

const endsOf = (text: string, end = Buffer.byteLength(text)): [scanned: number, plain: number] => {
  const bytes = Buffer.from(text);
  return [findObjectEnd(bytes, 0, end), findObjectEndScalar(bytes, 0, end)];
};

const chunks = (text: string, minBytes: number): string[] => {
  const bytes = Buffer.from(text);
  const ends = findChunks(bytes, minBytes);
  return Array.from({ length: ends.length / 2 }, (_, n) => bytes.toString('utf8', ends[2 * n], ends[2 * n + 1]));
};

describe('the end of an object', () => {
  it.each([
    ['nothing', '', -1],
    ['an empty object', '{}', 2],
    ['more behind it', '{"a":{}}}', 8],
    ['lists within', '{"a":[[{}],[]]}', 15],
    ['brackets in strings', '{"}":"]{["}', 11],
    ['quotes in strings', '{"a":"\\"}\\\\"}', 13],
    ['no end', '{"a":{}', -1],
    ['an end within a string', '{"a":"}', -1],
  ])('is found: %s', (_what, text, end) => {
    expect(endsOf(text)).toEqual([end, end]);
  });

  it('is not looked for behind where it must be', () => {
    expect(endsOf('{"a":1}', 6)).toEqual([-1, -1]);
  });

  it.each(EDGES)('is found when what matters lies %i bytes behind the beginning', (length) => {
    for (const middle of ['"', '\\"', '\\\\', '\\\\\\"', '"}', '{', '🎉']) {
      const text = `{"a":${JSON.stringify('x'.repeat(length) + middle)},"b":[]}`;
      const end = Buffer.byteLength(text);
      expect(endsOf(text)).toEqual([end, end]);
      expect(endsOf(`${text}}`)).toEqual([end, end]);
    }
  });

  it('is where the plain loop finds it, in any JSON', () => {
    fc.assert(
      fc.property(fc.dictionary(fc.string({ unit: 'binary' }), fc.jsonValue()), fc.nat(300), (value, length) => {
        const text = JSON.stringify({ padding: '\\'.repeat(length), value });
        const [scanned, plain] = endsOf(`${text}}{`);
        expect([scanned, plain]).toEqual([Buffer.byteLength(text), Buffer.byteLength(text)]);
      }),
      { numRuns: 500 },
    );
  });

  it('is found from the middle of a buffer', () => {
    const bytes = Buffer.from('"{{{"{"a":1}}}');
    expect(findObjectEnd(bytes, 5, bytes.length)).toBe(12);
    expect(findObjectEndScalar(bytes, 5, bytes.length)).toBe(12);
  });
});

describe('the portions of lists', () => {
  it('have the elements of each list directly in d, and no others', () => {
    expect(chunks('{"d":{"a":[1,2],"b":{"c":[3]},"e":[[4],{"f":[5]}],"g":[]}}', 1)).toEqual([
      '1',
      '2',
      '[4]',
      '{"f":[5]}',
    ]);
  });

  it('are as long as they have to be', () => {
    expect(chunks('{"d":{"a":[1,2,3,4,5],"b":[6]}}', 3)).toEqual(['1,2', '3,4', '5']);
  });

  it.each(EDGES)('are right when they begin %i bytes behind the beginning', (length) => {
    const element = `{"a":"],\\"${'x'.repeat(length)}"}`;
    expect(chunks(`{"d":{"a":[${element},${element},3]}}`, 1)).toEqual([element, element, '3']);
  });
});

describe('the module', () => {
  it('is what its source is assembled to', async () => {
    expect(readFileSync(MODULE_FILE, 'utf8')).toBe(await assembledModule());
  });

  afterEach(() => vi.unstubAllGlobals());

  it('is done without where WebAssembly is not to be had', async () => {
    vi.stubGlobal('WebAssembly', undefined);
    vi.resetModules();
    const without = await import('../../src/decoding/json-scanner/json-scanner.ts');
    const { parsePacket } = await import('../../src/decoding/parse-packet.ts');
    const bytes = Buffer.from('{"d":{"a":[1,2]}}}');
    expect([without.findObjectEnd(bytes, 0, bytes.length), without.findChunks(bytes, 1)]).toEqual([17, []]);
    const large = { d: { a: Array.from({ length: 50_000 }, (_, n) => n) } };
    expect(parsePacket(Buffer.from(JSON.stringify(large)))).toEqual(large);
  });
});
