/** Decoding on a Node whose zlib handle does not behave as the synchronous codec expects. */
import type * as Check from '../../src/decoding/sync-inflater-self-test.ts';
import type * as Zlib from 'node:zlib';
import { afterEach, describe, expect, test, vi } from 'vitest';
import { compress } from '../kit/compressed-streams.ts';

type Change = (handle: object) => void;

const changed = <T extends object>(stream: T, change: Change): T => {
  change(Reflect.get(stream, '_handle') as object);
  return stream;
};

/** Loads the decoder and its self-test again, on a zlib with changed streams. */
async function loadWith(change: Change) {
  vi.resetModules();
  vi.doMock('node:zlib', async (importActual) => {
    const zlib = await importActual<typeof Zlib>();
    return {
      ...zlib,
      createInflate: (options?: Zlib.ZlibOptions) => changed(zlib.createInflate(options), change),
      createZstdDecompress: (options?: Zlib.ZstdOptions) => changed(zlib.createZstdDecompress(options), change),
    };
  });
  const { createDecoder } = await import('../../src/decoding/decoder.ts');
  const { isSyncInflateTrusted } = await vi.importActual<typeof Check>('../../src/decoding/sync-inflater-self-test.ts');
  return { createDecoder, isSyncInflateTrusted };
}

afterEach(() => {
  vi.doUnmock('node:zlib');
  vi.resetModules();
});

const CHANGES: readonly [string, Change][] = [
  ['has no synchronous write', (handle) => Object.defineProperty(handle, 'writeSync', { value: undefined })],
  ['throws', (handle) => Object.defineProperty(handle, 'writeSync', { value: () => JSON.parse('no') as unknown })],
  ['writes nothing', (handle) => Object.defineProperty(handle, 'writeSync', { value: () => {} })],
  [
    'does not report damaged bytes',
    (handle) => Object.defineProperty(handle, 'onerror', { set: () => {}, get: () => () => {} }),
  ],
];

describe.each(CHANGES)('createDecoder() on a Node whose zlib handle %s', (_what, change) => {
  test.each(['zlib', 'zstd'] as const)('decodes %s with the public stream', async (kind) => {
    const { createDecoder, isSyncInflateTrusted } = await loadWith(change);
    const texts = ['{"op":10,"d":{}}', '{"op":11,"d":null}'];
    const messages: string[] = [];
    const message = (bytes: Buffer): boolean => messages.push(bytes.toString()) > 0;
    const decoder = createDecoder(
      `${kind}-stream`,
      { message, fault: (error) => messages.push(error.message) },
      { maxMessageBytes: 1_024 },
    );
    for (const frame of await compress(kind, texts)) decoder.write(frame, true);
    await new Promise<void>((resolve) => decoder.flush(resolve));
    expect(isSyncInflateTrusted(kind)).toBe(false);
    expect(messages).toEqual(texts);
  });

  test('does not trust the handle with payloads', async () => {
    const { isSyncInflateTrusted } = await loadWith(change);
    expect(isSyncInflateTrusted('payload')).toBe(false);
  });
});

describe('createDecoder() on a Node whose zlib handle behaves as expected', () => {
  test.each(['zlib', 'zstd', 'payload'] as const)('inflates %s synchronously', async (format) => {
    const { isSyncInflateTrusted } = await loadWith(() => {});
    expect(isSyncInflateTrusted(format)).toBe(true);
    expect(isSyncInflateTrusted(format)).toBe(true);
  });

  test('decodes the messages of a zlib stream without a fault, wherever it is cut into frames', async () => {
    const { createDecoder } = await loadWith(() => {});
    const texts = ['{"op":10,"d":{}}', '{"op":11,"d":null}', '{"op":0,"t":"A","d":['];
    const bytes = Buffer.concat(await compress('zlib', texts));
    for (let at = 1; at < bytes.length; at += 1) {
      const emitted: string[] = [];
      const message = (text: Buffer): boolean => {
        emitted.push(text.toString());
        return !text.toString().endsWith('[');
      };
      const decoder = createDecoder(
        'zlib-stream',
        { message, fault: ({ code }) => emitted.push(code) },
        { codec: 'sync', maxMessageBytes: 1_024 },
      );
      decoder.write(bytes.subarray(0, at), true);
      decoder.write(bytes.subarray(at), true);
      expect(emitted).toEqual(texts);
    }
  });
});
