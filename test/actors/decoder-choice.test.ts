/** Which way messages are inflated by, how long they may be, and what becomes of a decoder that has faulted. */
import { createHash } from 'node:crypto';
import { deflateSync } from 'node:zlib';
import { describe, expect, it, vi } from 'vitest';
import { createDecoder } from '../../src/actors/create-decoder.ts';
import { NativeInflater } from '../../src/actors/native-inflater.ts';
import { ZlibStreamDecoder } from '../../src/actors/stream-decoder.ts';
import { syncInflaterWorks } from '../../src/actors/sync-inflater-check.ts';
import { compress } from '../kit/compressed-streams.ts';
import { DecoderRecorder } from '../kit/decoder-recorder.ts';

const HELLO = '{"op":10,"d":{"heartbeat_interval":41250}}';

const CHOICES = [
  ['told to be synchronous', 'sync', () => true],
  ['told to use the public stream', 'stream', () => false],
  ['left to choose', undefined, (what: 'zlib' | 'zstd' | 'payload') => syncInflaterWorks(what)],
] as const;

describe.each(CHOICES)('a decoder that is %s', (_what, codec, isSync) => {
  it.each(['zlib', 'zstd'] as const)('hands out what comes by %s within the write, if it is synchronous', async (kind) => {
    const recorder = new DecoderRecorder(`${kind}-stream`, codec === undefined ? {} : { codec });
    recorder.write(...(await compress(kind, [HELLO])));
    const within = [...recorder.messages];
    await recorder.result();
    expect([within, recorder.messages]).toEqual([isSync(kind) ? [HELLO] : [], [HELLO]]);
  });

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
    const [noise, words] = [new DecoderRecorder('zlib-stream', { codec }), new DecoderRecorder('zlib-stream', { codec })];
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

const FAULT = ['DECODE_FAILED'];
const SUFFIX_BYTES = 4;
/** Text that hardly gets any shorter. */
const noise = (bytes: number): string => Array.from({ length: Math.ceil(bytes / 64) }, (_, n) => createHash('sha256').update(String(n)).digest('hex')).join('').slice(0, bytes);

describe.each(['sync', 'stream'] as const)('a message for the %s codec', (codec) => {
  const text = `{"x":"${noise(92)}"}`;

  it.each(['zlib', 'zstd', 'payload'] as const)('by %s may have as many bytes as the limit, and no more', async (kind) => {
    const frames = kind === 'payload' ? [deflateSync(text)] : await compress(kind, [text]);
    const outcomes = await Promise.all(
      [text.length, text.length - 1].map((maxMessageBytes) => {
        const recorder = new DecoderRecorder(kind === 'payload' ? kind : `${kind}-stream`, { codec, maxMessageBytes });
        recorder.write(...frames);
        return recorder.result();
      }),
    );
    expect(outcomes).toEqual([
      { messages: [text], faults: [] },
      { messages: [], faults: FAULT },
    ]);
  });

  it('by zlib may have as many bytes as the limit before its suffix comes', async () => {
    const [frame = Buffer.alloc(0)] = await compress('zlib', [text]);
    const recorder = new DecoderRecorder('zlib-stream', { codec, maxMessageBytes: text.length });
    recorder.write(frame.subarray(0, -SUFFIX_BYTES), frame.subarray(-SUFFIX_BYTES));
    expect(await recorder.result()).toEqual({ messages: [text], faults: [] });
  });

  it('by zlib that never ends is a fault as soon as it is above the limit', async () => {
    const [frame = Buffer.alloc(0)] = await compress('zlib', [`{"x":"${noise(2_000)}"}`]);
    const recorder = new DecoderRecorder('zlib-stream', { codec, maxMessageBytes: 500 });
    for (let at = 0; at < frame.length - 100; at += 50) recorder.write(frame.subarray(at, Math.min(at + 50, frame.length - 100)));
    expect(await recorder.result()).toEqual({ messages: [], faults: FAULT });
  });

  it.each([
    ['zlib', '[1,'],
    ['zlib', '"words'],
    ['zstd', '[1,'],
    ['zstd', '"words'],
  ] as const)('by %s that begins no object, and is not whole, is not waited for: %s', async (kind, words) => {
    const recorder = new DecoderRecorder(`${kind}-stream`, { codec });
    recorder.write(...(await compress(kind, [words])));
    expect(await recorder.result()).toEqual({ messages: [], faults: FAULT });
  });
});
