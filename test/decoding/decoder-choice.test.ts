/** Which way messages are inflated by, and what becomes of a decoder that has faulted. */
import { deflateSync } from 'node:zlib';
import { describe, expect, it, vi } from 'vitest';
import { createDecoder } from '../../src/decoding/decoder.ts';
import { NativeInflater } from '../../src/decoding/native-inflater.ts';
import { ZlibStreamDecoder } from '../../src/decoding/stream-decoder.ts';
import { isSyncInflateTrusted } from '../../src/decoding/sync-inflater-self-test.ts';
import { compress } from '../kit/compressed-streams.ts';
import { DecoderRecorder } from '../kit/decoder-recorder.ts';

const HELLO = '{"op":10,"d":{"heartbeat_interval":41250}}';

const CHOICES = [
  ['told to be synchronous', 'sync', () => true],
  ['told to use the public stream', 'stream', () => false],
  ['left to choose', undefined, (what: 'zlib' | 'zstd' | 'payload') => isSyncInflateTrusted(what)],
] as const;

describe.each(CHOICES)('a decoder that is %s', (_what, codec, isSync) => {
  it.each(['zlib', 'zstd'] as const)(
    'hands out what comes by %s within the write, if it is synchronous',
    async (kind) => {
      const recorder = new DecoderRecorder(`${kind}-stream`, codec === undefined ? {} : { codec });
      recorder.write(...(await compress(kind, [HELLO])));
      const within = [...recorder.messages];
      await recorder.result();
      expect([within, recorder.messages]).toEqual([isSync(kind) ? [HELLO] : [], [HELLO]]);
    },
  );

  it('inflates payloads on the native handle, if it is synchronous', () => {
    const isNative = isSync('payload');
    const inflateWhole = vi.spyOn(NativeInflater.prototype, 'inflateWhole');
    const recorder = new DecoderRecorder('payload', codec === undefined ? {} : { codec });
    recorder.write(deflateSync(HELLO));
    expect([inflateWhole.mock.calls.length, recorder.messages]).toEqual([isNative ? 1 : 0, [HELLO]]);
    inflateWhole.mockRestore();
  });
});

describe.each(['sync', 'stream'] as const)('a fault of a decoder with the %s codec', (codec) => {
  it('has a cause when zlib said what is wrong, and none when it was the message', async () => {
    const [noise, words] = [
      new DecoderRecorder('zlib-stream', { codec }),
      new DecoderRecorder('zlib-stream', { codec }),
    ];
    noise.write(Buffer.from('this was never compressed'));
    words.write(...(await compress('zlib', ['words'])));
    await Promise.all([noise.result(), words.result()]);
    expect(noise.faults.map(({ cause }) => cause)).toEqual([expect.objectContaining({ code: 'Z_DATA_ERROR' })]);
    expect(words.faults.map((fault) => 'cause' in fault)).toEqual([false]);
  });

  it('lets go of what the decoder holds, once, and is told of once, whatever its listener writes', async () => {
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
    expect([faults, close.mock.calls.length]).toEqual([['DECODE_FAILED'], 1]);
    close.mockRestore();
  });
});
