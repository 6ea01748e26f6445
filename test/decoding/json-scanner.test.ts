/** Compares the WebAssembly scanner with the plain loop, which does the same byte by byte. */
import { once } from 'node:events';
import { readFileSync } from 'node:fs';
import * as fc from 'fast-check';
import { afterEach, describe, expect, test, vi } from 'vitest';
import { MODULE_FILE, assembledModule } from '../../scripts/wasm/assemble.ts';
import { findObjectEnd, findObjectEndScalar, findChunks } from '../../src/decoding/json-scanner/json-scanner.ts';
import { createWorker } from '../../src/manager/workers/main/create-worker.ts';

/** Around the sizes of a block (64 bytes) and of a window (65,536 bytes). */
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

describe('findObjectEnd()', () => {
  test.each([
    ['an empty text', '', -1],
    ['an empty object', '{}', 2],
    ['a text with more after it', '{"a":{}}}', 8],
    ['nested lists', '{"a":[[{}],[]]}', 15],
    ['brackets in strings', '{"}":"]{["}', 11],
    ['quotes in strings', '{"a":"\\"}\\\\"}', 13],
    ['an object without an end', '{"a":{}', -1],
    ['an object that ends within a string', '{"a":"}', -1],
  ])('finds the end of %s', (_what, text, end) => {
    expect(endsOf(text)).toEqual([end, end]);
  });

  test('does not look beyond the given end', () => {
    expect(endsOf('{"a":1}', 6)).toEqual([-1, -1]);
  });

  test.each(EDGES)('finds an end after brackets and quotes that lie %i bytes after the beginning', (length) => {
    for (const middle of ['"', '\\"', '\\\\', '\\\\\\"', '"}', '{', '🎉']) {
      const text = `{"a":${JSON.stringify('x'.repeat(length) + middle)},"b":[]}`;
      const end = Buffer.byteLength(text);
      expect(endsOf(text)).toEqual([end, end]);
      expect(endsOf(`${text}}`)).toEqual([end, end]);
    }
  });

  test('finds the same end as the plain loop in any JSON', () => {
    fc.assert(
      fc.property(fc.dictionary(fc.string({ unit: 'binary' }), fc.jsonValue()), fc.nat(300), (value, length) => {
        const text = JSON.stringify({ padding: '\\'.repeat(length), value });
        const [scanned, plain] = endsOf(`${text}}{`);
        expect(scanned).toBe(Buffer.byteLength(text));
        expect(plain).toBe(Buffer.byteLength(text));
      }),
      { numRuns: 500 },
    );
  });

  test('finds the end from the middle of a buffer', () => {
    const bytes = Buffer.from('"{{{"{"a":1}}}');
    expect(findObjectEnd(bytes, 5, bytes.length)).toBe(12);
    expect(findObjectEndScalar(bytes, 5, bytes.length)).toBe(12);
  });
});

describe('findChunks()', () => {
  test('returns the elements of each list directly in d, and no others', () => {
    expect(chunks('{"d":{"a":[1,2],"b":{"c":[3]},"e":[[4],{"f":[5]}],"g":[]}}', 1)).toEqual([
      '1',
      '2',
      '[4]',
      '{"f":[5]}',
    ]);
  });

  test('returns chunks of at least minBytes', () => {
    expect(chunks('{"d":{"a":[1,2,3,4,5],"b":[6]}}', 3)).toEqual(['1,2', '3,4', '5']);
  });

  test.each(EDGES)('returns the right chunks if they begin %i bytes after the beginning', (length) => {
    const element = `{"a":"],\\"${'x'.repeat(length)}"}`;
    expect(chunks(`{"d":{"a":[${element},${element},3]}}`, 1)).toEqual([element, element, '3']);
  });
});

describe('the WebAssembly module', () => {
  test('is what its source assembles to', async () => {
    expect(readFileSync(MODULE_FILE, 'utf8')).toBe(await assembledModule());
  });

  test('is compiled once for all threads of a manager', async () => {
    const scanner = new URL('../../src/decoding/json-scanner/json-scanner.ts', import.meta.url).href;
    const code = `
      import { parentPort } from 'node:worker_threads';
      const { findChunks } = await import('${scanner}');
      WebAssembly.Module = class { constructor() { throw new Error('compiled again'); } };
      parentPort.postMessage(findChunks(Buffer.from('{"d":{"a":[1,2]}}'), 1));
    `;
    const thread = createWorker(new URL(`data:text/javascript,${encodeURIComponent(code)}`), 'scanner');
    try {
      expect(await once(thread, 'message')).toEqual([[11, 12, 13, 14]]);
    } finally {
      await thread.terminate();
    }
  });

  afterEach(() => vi.unstubAllGlobals());

  test('is not needed if WebAssembly is missing', async () => {
    vi.stubGlobal('WebAssembly', undefined);
    vi.resetModules();
    const without = await import('../../src/decoding/json-scanner/json-scanner.ts');
    const { parsePacket } = await import('../../src/decoding/parse-packet.ts');
    const bytes = Buffer.from('{"d":{"a":[1,2]}}}');
    expect(without.findObjectEnd(bytes, 0, bytes.length)).toBe(17);
    expect(without.findChunks(bytes, 1)).toEqual([]);
    const large = { d: { a: Array.from({ length: 50_000 }, (_, n) => n) } };
    expect(parsePacket(Buffer.from(JSON.stringify(large)))).toEqual(large);
  });
});
