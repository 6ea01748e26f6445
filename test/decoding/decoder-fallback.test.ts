/** A Node whose zlib is built otherwise than the synchronous codec expects. */
import type * as Check from '../../src/decoding/sync-inflater-self-test.ts';
import type * as Zlib from 'node:zlib';
import { afterEach, describe, expect, it, vi } from 'vitest';
import { compress } from '../kit/compressed-streams.ts';

type Change = (handle: object) => void;

const changed = <T extends object>(stream: T, change: Change): T => {
  change(Reflect.get(stream, '_handle') as object);
  return stream;
};

/** The decoder and its check, loaded anew on a zlib whose streams are changed. */
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
  return { createDecoder, syncInflaterWorks: isSyncInflateTrusted };
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
    'does not say when bytes are damaged',
    (handle) => Object.defineProperty(handle, 'onerror', { set: () => {}, get: () => () => {} }),
  ],
];

describe.each(CHANGES)('on a Node whose zlib handle %s', (_what, change) => {
  it.each(['zlib', 'zstd'] as const)('%s falls back to the public stream', async (kind) => {
    const { createDecoder, syncInflaterWorks } = await loadWith(change);
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
    expect({ works: syncInflaterWorks(kind), messages }).toEqual({ works: false, messages: texts });
  });

  it('payloads fall back to the public stream', async () => {
    const { syncInflaterWorks } = await loadWith(change);
    expect(syncInflaterWorks('payload')).toBe(false);
  });
});

describe('on a Node whose zlib handle is as expected', () => {
  it.each(['zlib', 'zstd', 'payload'] as const)('%s is inflated synchronously', async (what) => {
    const { syncInflaterWorks } = await loadWith(() => {});
    expect([syncInflaterWorks(what), syncInflaterWorks(what)]).toEqual([true, true]);
  });

  it('a zlib stream is told from one that is damaged, and its messages apart, wherever it is cut', async () => {
    const { createDecoder } = await loadWith(() => {});
    const texts = ['{"op":10,"d":{}}', '{"op":11,"d":null}', '{"op":0,"t":"A","d":['];
    const bytes = Buffer.concat(await compress('zlib', texts));
    for (let at = 1; at < bytes.length; at += 1) {
      const told: string[] = [];
      const message = (text: Buffer): boolean => {
        told.push(text.toString());
        return !text.toString().endsWith('[');
      };
      const decoder = createDecoder(
        'zlib-stream',
        { message, fault: ({ code }) => told.push(code) },
        { codec: 'sync', maxMessageBytes: 1_024 },
      );
      decoder.write(bytes.subarray(0, at), true);
      decoder.write(bytes.subarray(at), true);
      expect(told).toEqual(texts);
    }
  });
});
