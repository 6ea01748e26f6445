/** How long a message may be, to the byte, and what is not waited for. */
import { createHash } from 'node:crypto';
import { deflateSync } from 'node:zlib';
import { describe, expect, it } from 'vitest';
import { compress } from '../kit/compressed-streams.ts';
import { DecoderRecorder } from '../kit/decoder-recorder.ts';

const FAULT = ['DECODE_FAILED'];
const SUFFIX_BYTES = 4;
/** Text that hardly gets any shorter. */
const noise = (bytes: number): string =>
  Array.from({ length: Math.ceil(bytes / 64) }, (_, n) => createHash('sha256').update(String(n)).digest('hex'))
    .join('')
    .slice(0, bytes);

describe.each(['sync', 'stream'] as const)('a message for the %s codec', (codec) => {
  const text = `{"x":"${noise(92)}"}`;

  it.each(['zlib', 'zstd', 'payload'] as const)(
    'by %s may have as many bytes as the limit, and no more',
    async (kind) => {
      const frames = kind === 'payload' ? [deflateSync(text)] : await compress(kind, [text]);
      const outcomes = await Promise.all(
        [text.length, text.length - 1].map((maxMessageBytes) => {
          const recorder = new DecoderRecorder(kind === 'payload' ? kind : `${kind}-stream`, {
            codec,
            maxMessageBytes,
          });
          recorder.write(...frames);
          return recorder.result();
        }),
      );
      expect(outcomes).toEqual([
        { messages: [text], faults: [] },
        { messages: [], faults: FAULT },
      ]);
    },
  );

  it.each(['zlib', 'zstd'] as const)(
    'by %s in two parts may have no more bytes than the limit, though each part has',
    async (kind) => {
      const parts = await compress(kind, [text.slice(0, 60), text.slice(60)]);
      const outcomes = await Promise.all(
        [text.length, text.length - 1].map((maxMessageBytes) => {
          const recorder = new DecoderRecorder(`${kind}-stream`, { codec, maxMessageBytes });
          recorder.write(...parts);
          return recorder.result();
        }),
      );
      expect(outcomes).toEqual([
        { messages: [text], faults: [] },
        { messages: [], faults: FAULT },
      ]);
    },
  );

  it('by zlib may have as many bytes as the limit before its suffix comes', async () => {
    const [frame = Buffer.alloc(0)] = await compress('zlib', [text]);
    const recorder = new DecoderRecorder('zlib-stream', { codec, maxMessageBytes: text.length });
    recorder.write(frame.subarray(0, -SUFFIX_BYTES), frame.subarray(-SUFFIX_BYTES));
    expect(await recorder.result()).toEqual({ messages: [text], faults: [] });
  });

  it('by zstd that does not end is a fault as soon as it is above the limit', async () => {
    const parts = await compress('zstd', [text.slice(0, 40), text.slice(40, 60)]);
    const faults = await Promise.all(
      [60, 59].map(async (maxMessageBytes) => {
        const recorder = new DecoderRecorder('zstd-stream', { codec, maxMessageBytes });
        recorder.write(...parts);
        return (await recorder.result()).faults;
      }),
    );
    expect(faults).toEqual([[], FAULT]);
  });

  it('by zlib that never ends is a fault as soon as it is above the limit', async () => {
    const [frame = Buffer.alloc(0)] = await compress('zlib', [`{"x":"${noise(2_000)}"}`]);
    const recorder = new DecoderRecorder('zlib-stream', { codec, maxMessageBytes: 500 });
    for (let at = 0; at < frame.length - 100; at += 50)
      recorder.write(frame.subarray(at, Math.min(at + 50, frame.length - 100)));
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
