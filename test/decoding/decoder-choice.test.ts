/** How a decoder chooses its inflater, and what it does after a fault. */
import { deflateSync } from 'node:zlib';
import { describe, expect, test, vi } from 'vitest';
import { createDecoder } from '../../src/decoding/decoder.ts';
import { NativeInflater } from '../../src/decoding/native-inflater.ts';
import { ZlibStreamDecoder } from '../../src/decoding/stream-decoder.ts';
import { isSyncInflateTrusted } from '../../src/decoding/sync-inflater-self-test.ts';
import { compress } from '../kit/compressed-streams.ts';
import { DecoderRecorder } from '../kit/decoder-recorder.ts';

const HELLO = '{"op":10,"d":{"heartbeat_interval":41250}}';

const CHOICES = [
  ['sync', 'sync', () => true],
  ['stream', 'stream', () => false],
  ['the default', undefined, (format: 'zlib' | 'zstd' | 'payload') => isSyncInflateTrusted(format)],
] as const;

describe.each(CHOICES)('createDecoder() with %s as codec', (_name, codec, isSync) => {
  test.each(['zlib', 'zstd'] as const)(
    'emits a message of %s within write() exactly if the codec is synchronous',
    async (kind) => {
      const recorder = new DecoderRecorder(`${kind}-stream`, codec === undefined ? {} : { codec });
      recorder.write(...(await compress(kind, [HELLO])));
      const duringWrite = [...recorder.messages];
      await recorder.result();
      expect(duringWrite).toEqual(isSync(kind) ? [HELLO] : []);
      expect(recorder.messages).toEqual([HELLO]);
    },
  );

  test('inflates payloads with the native handle exactly if the codec is synchronous', () => {
    const isNative = isSync('payload');
    const inflateWhole = vi.spyOn(NativeInflater.prototype, 'inflateWhole');
    const recorder = new DecoderRecorder('payload', codec === undefined ? {} : { codec });
    recorder.write(deflateSync(HELLO));
    expect(inflateWhole.mock.calls).toHaveLength(isNative ? 1 : 0);
    expect(recorder.messages).toEqual([HELLO]);
    inflateWhole.mockRestore();
  });
});

describe.each(['sync', 'stream'] as const)('a fault of a decoder with the %s codec', (codec) => {
  test('has the error of zlib as its cause, and no cause when a message is not JSON', async () => {
    const [corrupt, notJson] = [
      new DecoderRecorder('zlib-stream', { codec }),
      new DecoderRecorder('zlib-stream', { codec }),
    ];
    corrupt.write(Buffer.from('this was never compressed'));
    notJson.write(...(await compress('zlib', ['words'])));
    await Promise.all([corrupt.result(), notJson.result()]);
    expect(corrupt.faults.map(({ cause }) => cause)).toEqual([expect.objectContaining({ code: 'Z_DATA_ERROR' })]);
    expect(notJson.faults.map((fault) => 'cause' in fault)).toEqual([false]);
  });

  test('is reported once and closes the decoder once, even if its listener writes to the decoder', async () => {
    const close = vi.spyOn(ZlibStreamDecoder.prototype, 'close');
    const faults: string[] = [];
    const frames = await compress('zlib', ['words']);
    const decoder = createDecoder(
      'zlib-stream',
      {
        message: () => false,
        fault: ({ code }) => {
          faults.push(code);
          decoder.write(Buffer.from('more words'), false);
        },
      },
      { codec, maxMessageBytes: 1_000 },
    );
    for (const frame of frames) decoder.write(frame, true);
    await new Promise<void>((resolve) => decoder.flush(resolve));
    expect(faults).toEqual(['DECODE_FAILED']);
    expect(close).toHaveBeenCalledTimes(1);
    close.mockRestore();
  });
});
