/** The size limit of a message, to the byte, and unfinished messages that cause a fault at once. */
import { createHash } from 'node:crypto';
import { deflateSync } from 'node:zlib';
import { describe, expect, test } from 'vitest';
import { compress } from '../kit/compressed-streams.ts';
import { DecoderRecorder } from '../kit/decoder-recorder.ts';

const FAULT = ['DECODE_FAILED'];
const SUFFIX_BYTES = 4;
/** Text that hardly compresses. */
const noise = (bytes: number): string =>
  Array.from({ length: Math.ceil(bytes / 64) }, (_, n) => createHash('sha256').update(String(n)).digest('hex'))
    .join('')
    .slice(0, bytes);

describe.each(['sync', 'stream'] as const)('a decoder with the %s codec', (codec) => {
  const text = `{"x":"${noise(92)}"}`;

  test.each(['zlib', 'zstd', 'payload'] as const)(
    'accepts a message of %s with as many bytes as the limit, and faults at one byte more',
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

  test.each(['zlib', 'zstd'] as const)('adds up the two parts of a message of %s for the limit', async (kind) => {
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
  });

  test('accepts a zlib message that reaches the limit before its suffix comes', async () => {
    const [frame = Buffer.alloc(0)] = await compress('zlib', [text]);
    const recorder = new DecoderRecorder('zlib-stream', { codec, maxMessageBytes: text.length });
    recorder.write(frame.subarray(0, -SUFFIX_BYTES), frame.subarray(-SUFFIX_BYTES));
    expect(await recorder.result()).toEqual({ messages: [text], faults: [] });
  });

  test('faults as soon as an unfinished zstd message is above the limit', async () => {
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

  test('faults as soon as an unfinished zlib message is above the limit', async () => {
    const [frame = Buffer.alloc(0)] = await compress('zlib', [`{"x":"${noise(2_000)}"}`]);
    const recorder = new DecoderRecorder('zlib-stream', { codec, maxMessageBytes: 500 });
    for (let at = 0; at < frame.length - 100; at += 50)
      recorder.write(frame.subarray(at, Math.min(at + 50, frame.length - 100)));
    expect(await recorder.result()).toEqual({ messages: [], faults: FAULT });
  });

  test.each(['zlib', 'zstd'] as const)(
    'faults at the packet that follows a message of %s that was cut off',
    async (kind) => {
      const recorder = new DecoderRecorder(`${kind}-stream`, { codec });
      const ack = '{"op":11}';
      recorder.write(...(await compress(kind, [ack, '{"op":0,"d":{"text":"cut', ack, ack])));
      expect(await recorder.result()).toEqual({ messages: [ack], faults: FAULT });
    },
  );

  test('takes a part of a zstd message for a part, also if it is an object', async () => {
    const recorder = new DecoderRecorder('zstd-stream', { codec });
    recorder.write(...(await compress('zstd', ['{"op":0,"d":[', '{"id":"1"}', ']}', '{"op":11}'])));
    expect(await recorder.result()).toEqual({ messages: ['{"op":0,"d":[{"id":"1"}]}', '{"op":11}'], faults: [] });
  });

  test.each([
    ['zlib', '[1,'],
    ['zlib', '"text'],
    ['zstd', '[1,'],
    ['zstd', '"text'],
  ] as const)('faults at once on an unfinished message of %s that is not an object: %s', async (kind, text) => {
    const recorder = new DecoderRecorder(`${kind}-stream`, { codec });
    recorder.write(...(await compress(kind, [text])));
    expect(await recorder.result()).toEqual({ messages: [], faults: FAULT });
  });
});
