/** Decoders of every compression: order, cuts between frames, faults, limits, and close(). */
import { deflateSync, zstdCompressSync } from 'node:zlib';
import * as fc from 'fast-check';
import { beforeAll, describe, expect, test, vi } from 'vitest';
import { createDecoder } from '../../src/decoding/decoder.ts';
import type { DecoderOptions } from '../../src/decoding/decoder.ts';
import { StreamInflater, SyncInflater } from '../../src/decoding/inflater.ts';
import type * as Check from '../../src/decoding/sync-inflater-self-test.ts';
import { compress, realisticMessages } from '../kit/compressed-streams.ts';
import { DecoderRecorder as Recorder } from '../kit/decoder-recorder.ts';

const HELLO = '{"op":10,"d":{"heartbeat_interval":41250}}';
const ACK = '{"op":11,"d":null}';
const decoded = (messages: readonly string[]) => ({ messages, faults: [] });
const FAULT = ['DECODE_FAILED'];

describe('JsonDecoder', () => {
  test('emits text and binary frames as messages', async () => {
    const recorder = new Recorder('none');
    recorder.write(HELLO, Buffer.from(ACK));
    expect(await recorder.result()).toEqual(decoded([HELLO, ACK]));
  });

  test('faults once on invalid JSON, and emits nothing afterwards', async () => {
    const recorder = new Recorder('none');
    recorder.write('{"op":', 'nonsense', ACK);
    expect(await recorder.result()).toEqual({ messages: [], faults: FAULT });
  });

  test('emits nothing after close()', async () => {
    const recorder = new Recorder('none');
    recorder.decoder.close();
    recorder.write(HELLO, 'nonsense');
    expect(await recorder.result()).toEqual(decoded([]));
  });

  test('reports no fault after close()', async () => {
    const recorder = new Recorder('none', { maxMessageBytes: HELLO.length - 1 });
    recorder.decoder.close();
    recorder.write(HELLO);
    expect(await recorder.result()).toEqual(decoded([]));
  });
});

describe.each(['zlib', 'zstd', 'payload'] as const)('isSyncInflateTrusted(%j)', (format) => {
  test('returns true on this Node', async () => {
    const { isSyncInflateTrusted } = await vi.importActual<typeof Check>(
      '../../src/decoding/sync-inflater-self-test.ts',
    );
    expect(isSyncInflateTrusted(format)).toBe(true);
  });
});

/** Returns the messages of the errors that the calls throw, or that are thrown later without a caller. */
async function errorsThrownBy(calls: readonly (() => void)[], settle: () => Promise<unknown>): Promise<string[]> {
  const thrown: string[] = [];
  const record = (error: unknown): void => void thrown.push((error as Error).message);
  const listeners = process.listeners('uncaughtException');
  process.removeAllListeners('uncaughtException').on('uncaughtException', record);
  try {
    for (const call of calls) {
      try {
        call();
      } catch (error) {
        record(error);
      }
      await settle();
    }
  } finally {
    process.removeListener('uncaughtException', record);
    for (const listener of listeners) process.on('uncaughtException', listener);
  }
  return thrown;
}

const variants = (['zlib', 'zstd'] as const).flatMap((kind) =>
  (['sync', 'stream'] as const).map((codec) => ({ kind, codec })),
);

describe.each(variants)('a decoder for $kind-stream with the $codec codec', ({ kind, codec }) => {
  const newRecorder = (options: Partial<DecoderOptions> = {}): Recorder =>
    new Recorder(`${kind}-stream`, { codec, ...options });
  const messages = realisticMessages(90);
  let frames: Buffer[];

  beforeAll(async () => {
    frames = await compress(kind, messages);
  });

  test('decodes a connection of realistic messages', async () => {
    const recorder = newRecorder();
    recorder.write(...frames);
    expect(await recorder.result()).toEqual(decoded(messages));
  });

  test('keeps the contexts of two connections apart', async () => {
    const [one, two] = [newRecorder(), newRecorder()];
    for (const frame of frames.slice(0, 20)) {
      one.write(frame);
      two.write(frame);
    }
    const expected = decoded(messages.slice(0, 20));
    expect(await one.result()).toEqual(expected);
    expect(await two.result()).toEqual(expected);
  });

  test.each([1, 255, 256, 257, 512, 1_024, 3_000].map((kib) => kib * 1_024 - 2))(
    'decodes a message of %d letters, which fills its buffers differently',
    async (letters) => {
      const texts = [`"${'x'.repeat(letters)}"`, ACK, `"${'y'.repeat(letters)}"`, ACK];
      const recorder = newRecorder();
      recorder.write(...(await compress(kind, texts)));
      expect(await recorder.result()).toEqual(decoded(texts));
    },
  );

  test('decodes the same messages however the bytes are cut into frames', { timeout: 60_000 }, async () => {
    const bytes = Buffer.concat(frames);
    const cuts = fc.uniqueArray(fc.nat({ max: bytes.length }), { maxLength: 60 });
    await fc.assert(
      fc.asyncProperty(cuts, async (at) => {
        const recorder = newRecorder();
        const edges = [0, ...at.toSorted((a, b) => a - b), bytes.length];
        recorder.write(...edges.slice(1).map((edge, index) => bytes.subarray(edges[index], edge)));
        expect(await recorder.result()).toEqual(decoded(messages));
      }),
      { numRuns: 25 },
    );
  });

  test('decodes the same messages byte by byte', async () => {
    const recorder = newRecorder();
    const few = frames.slice(0, 2);
    recorder.write(...few.flatMap((frame) => Array.from(frame, (_, index) => frame.subarray(index, index + 1))));
    expect(await recorder.result()).toEqual(decoded(messages.slice(0, 2)));
  });

  test('decodes the same messages when all come in one frame', async () => {
    const recorder = newRecorder();
    recorder.write(Buffer.concat(frames));
    expect(await recorder.result()).toEqual(decoded(messages));
  });

  test('ignores empty frames', async () => {
    const recorder = newRecorder();
    for (const frame of frames.slice(0, 5)) recorder.write(Buffer.alloc(0), frame, Buffer.alloc(0));
    expect(await recorder.result()).toEqual(decoded(messages.slice(0, 5)));
  });

  test('finds the end of a message whose suffix is cut by an empty frame', async () => {
    const recorder = newRecorder();
    for (const frame of frames.slice(0, 3)) recorder.write(frame.subarray(0, -2), Buffer.alloc(0), frame.subarray(-2));
    expect(await recorder.result()).toEqual(decoded(messages.slice(0, 3)));
  });

  test('emits text frames as JSON, in order with the compressed ones', async () => {
    const recorder = newRecorder();
    recorder.write(...frames.slice(0, 3), ACK, ...frames.slice(3, 5), HELLO);
    const expected = [...messages.slice(0, 3), ACK, ...messages.slice(3, 5), HELLO];
    expect(await recorder.result()).toEqual(decoded(expected));
  });

  test('calls back from flush() when earlier frames are decoded, without waiting for later ones', async () => {
    const recorder = newRecorder();
    const counts: number[] = [];
    recorder.decoder.flush(() => counts.push(recorder.messages.length));
    recorder.write(...frames.slice(0, 3));
    recorder.decoder.flush(() => counts.push(recorder.messages.length));
    recorder.write(...frames.slice(3, 5));
    await recorder.result();
    expect(counts).toEqual([0, 3]);
  });

  test('faults at most once and never throws for any damaged bytes', { timeout: 60_000 }, async () => {
    const few = frames.slice(0, 12);
    const damage = fc.record({
      frame: fc.nat({ max: few.length - 1 }),
      at: fc.nat(),
      xor: fc.integer({ min: 1, max: 255 }),
    });
    await fc.assert(
      fc.asyncProperty(fc.array(damage, { minLength: 1, maxLength: 3 }), async (damages) => {
        const recorder = newRecorder({ maxMessageBytes: 4 * 1_024 * 1_024 });
        const damaged = few.map((frame) => Buffer.from(frame));
        for (const { frame, at, xor } of damages) {
          const target = damaged[frame]!;
          target[at % target.length]! ^= xor;
        }
        recorder.write(...damaged);
        const { messages: emitted, faults } = await recorder.result();
        const untouched = Math.min(...damages.map(({ frame }) => frame));
        expect(emitted.slice(0, untouched)).toEqual(messages.slice(0, untouched));
        expect([[], FAULT]).toContainEqual(faults);
      }),
      { numRuns: 120 },
    );
  });

  test.each([
    ['noise', () => Buffer.from('this was never compressed')],
    ['zeros', () => Buffer.alloc(40)],
    ['a frame for the second time', () => frames[1]!.subarray(0, -4)],
  ])('emits nothing after the fault that %s causes', async (_what, damaged) => {
    const recorder = newRecorder();
    recorder.write(frames[0]!, damaged(), Buffer.from([0, 0, 255, 255]), ...frames.slice(1), ...frames);
    const { messages: emitted, faults } = await recorder.result();
    expect(emitted.slice(0, 1)).toEqual(messages.slice(0, 1));
    expect(faults).toEqual(FAULT);
    recorder.write(...frames);
    expect(await recorder.result()).toEqual({ messages: emitted, faults: FAULT });
  });

  test('emits the rest of a frame after the sink throws, and then throws its error', async () => {
    const recorder = newRecorder();
    recorder.onMessage = () => {
      if (recorder.messages.length % 3 === 2) throw new Error(`from message ${recorder.messages.length}`);
    };
    const parts = [Buffer.concat(frames.slice(0, 7)), ...frames.slice(7, 10)];
    const thrown = await errorsThrownBy(
      parts.map((part) => () => recorder.write(part)),
      () => recorder.result(),
    );
    expect(thrown).toEqual(expect.arrayContaining(['from message 2', 'from message 8']));
    expect(await recorder.result()).toEqual(decoded(messages.slice(0, 10)));
  });

  test('throws the error of the sink for a text frame that waited for a compressed one', async () => {
    const recorder = newRecorder();
    recorder.onMessage = (text) => {
      if (text === ACK) throw new Error('from the text');
    };
    const thrown = await errorsThrownBy([() => recorder.write(frames[0]!, ACK)], () => recorder.result());
    expect(thrown).toEqual(['from the text']);
    expect(await recorder.result()).toEqual(decoded([messages[0]!, ACK]));
  });

  test('reports the fault before it calls back from flush()', async () => {
    const log: string[] = [];
    const recorder = newRecorder();
    recorder.write(...(await compress(kind, [HELLO, 'nonsense', ACK])));
    recorder.decoder.flush(() => log.push(`flushed after ${recorder.faults.length} fault`));
    await recorder.result();
    expect(log).toEqual(['flushed after 1 fault']);
  });

  test('faults on a message that is not JSON', async () => {
    const recorder = newRecorder();
    recorder.write(...(await compress(kind, [HELLO, 'nonsense', ACK])));
    expect(await recorder.result()).toEqual({ messages: [HELLO], faults: FAULT });
  });

  test('faults on a message above the limit instead of inflating it', async () => {
    const recorder = newRecorder({ maxMessageBytes: 500_000 });
    const texts = [`"${'x'.repeat(400_000)}"`, `"${'x'.repeat(20_000_000)}"`, ACK];
    recorder.write(...(await compress(kind, texts)));
    expect(await recorder.result()).toEqual({ messages: texts.slice(0, 1), faults: FAULT });
  });

  test('faults on a message that exceeds the limit in small pieces', async () => {
    const recorder = newRecorder({ maxMessageBytes: 200_000 });
    const [frame = Buffer.alloc(0)] = await compress(kind, [
      `{"x":"${realisticMessages(3)[2]!.slice(50, 299_000).replaceAll('"', '')}"}`,
    ]);
    for (let at = 0; at < frame.length; at += 10_000) recorder.write(frame.subarray(at, at + 10_000));
    expect(await recorder.result()).toEqual({ messages: [], faults: FAULT });
  });

  test('faults on a message that exceeds the limit with its last piece', async () => {
    const recorder = newRecorder({ maxMessageBytes: 150_000 });
    const [frame = Buffer.alloc(0)] = await compress(kind, [messages[2]!.slice(0, 200_000).concat('"}}')]);
    recorder.write(frame.subarray(0, frame.length / 2), frame.subarray(frame.length / 2));
    expect(await recorder.result()).toEqual({ messages: [], faults: FAULT });
  });

  test('decodes all messages when the limit is above their size', async () => {
    const recorder = newRecorder({ maxMessageBytes: 2_000_000 });
    recorder.write(...frames);
    expect(await recorder.result()).toEqual(decoded(messages));
  });

  test('accepts close() twice, and emits nothing that is written afterwards', async () => {
    const recorder = newRecorder();
    recorder.write(frames[0]!);
    await recorder.result();
    recorder.decoder.close();
    recorder.decoder.close();
    recorder.write(...frames.slice(1));
    recorder.write('nonsense');
    expect(await recorder.result()).toEqual(decoded(messages.slice(0, 1)));
  });

  test('closes its context with close()', () => {
    const close = vi.spyOn((codec === 'sync' ? SyncInflater : StreamInflater).prototype, 'close');
    newRecorder().decoder.close();
    expect(close).toHaveBeenCalledOnce();
    close.mockRestore();
  });

  test('drops frames that are not decoded yet when close() is called', async () => {
    const recorder = newRecorder();
    recorder.write(...frames.slice(0, 5));
    const before = recorder.messages.length;
    recorder.decoder.close();
    expect((await recorder.result()).messages).toHaveLength(before);
  });

  test('can be closed by the listener of a message', async () => {
    const recorder = newRecorder();
    recorder.onMessage = () => {
      if (recorder.messages.length === 3) recorder.decoder.close();
    };
    recorder.write(Buffer.concat(frames.slice(0, 6)), ...frames.slice(6, 10));
    expect(await recorder.result()).toEqual(decoded(messages.slice(0, 3)));
  });

  test('faults when more bytes follow the end of the stream', async () => {
    const ended = kind === 'zlib' ? deflateSync(HELLO) : zstdCompressSync(HELLO);
    const recorder = newRecorder();
    const noise = Buffer.from([1, 2, 3, 4, 0, 0, 255, 255]);
    recorder.write(Buffer.concat([ended, noise]), noise);
    const { faults } = await recorder.result();
    expect(faults).toEqual(FAULT);
  });
});

describe.each(['sync', 'stream'] as const)(
  'a decoder for zlib-stream with the %s codec, if a message contains the suffix of a flush',
  (codec) => {
    const [halves, rest] = [
      ['{"op":0,"t":"A","d":["}', '"]}'],
      [ACK, HELLO],
    ];
    const expected = decoded([halves.join(''), ...rest]);
    let frames: Buffer[];

    beforeAll(async () => {
      frames = await compress('zlib', [...halves, ...rest]);
    });

    test('completes the message with the rest of the frame', async () => {
      const recorder = new Recorder('zlib-stream', { codec });
      recorder.write(Buffer.concat(frames.slice(0, 2)), ...frames.slice(2));
      expect(await recorder.result()).toEqual(expected);
    });

    test('completes the message with the next frame', async () => {
      const recorder = new Recorder('zlib-stream', { codec });
      recorder.write(...frames);
      expect(await recorder.result()).toEqual(expected);
    });

    test('ignores an empty flush', async () => {
      const recorder = new Recorder('zlib-stream', { codec });
      const emptyFlush = Buffer.from([0x00, 0x00, 0x00, 0xff, 0xff]);
      recorder.write(...frames.flatMap((frame) => [frame, emptyFlush]));
      expect(await recorder.result()).toEqual(expected);
    });

    test('faults once if the next message does not complete the object', async () => {
      const recorder = new Recorder('zlib-stream', { codec });
      recorder.write(...(await compress('zlib', [HELLO, '{"op":0,"d":[', ACK, ACK])));
      expect(await recorder.result()).toEqual({ messages: [HELLO], faults: FAULT });
    });

    test('faults at once on a complete object that is not JSON', async () => {
      const recorder = new Recorder('zlib-stream', { codec });
      recorder.write(...(await compress('zlib', [HELLO, '{"op":0,}'])));
      expect(await recorder.result()).toEqual({ messages: [HELLO], faults: FAULT });
    });
  },
);

describe.each(['sync', 'stream'] as const)('a decoder for zstd-stream with the %s codec', (codec) => {
  test('decodes messages that are separate zstd frames', async () => {
    const recorder = new Recorder('zstd-stream', { codec });
    recorder.write(zstdCompressSync(HELLO), zstdCompressSync(ACK), zstdCompressSync(HELLO));
    expect(await recorder.result()).toEqual(decoded([HELLO, ACK, HELLO]));
  });
});

test.each(['payload', 'zlib-stream', 'zstd-stream'] as const)(
  'a decoder for %s does not overwrite a message while its listener decodes another',
  async (compression) => {
    const encode = async (text: string): Promise<Buffer> =>
      compression === 'payload'
        ? deflateSync(text)
        : ((await compress(compression === 'zlib-stream' ? 'zlib' : 'zstd', [text]))[0] ?? Buffer.alloc(0));
    const [outer, inner] = [await encode(HELLO), await encode(ACK)];
    const other = new Recorder(compression, { codec: 'sync' });
    const emitted: string[] = [];
    const message = (bytes: Buffer): boolean => {
      other.write(inner);
      return emitted.push(bytes.toString()) > 0;
    };
    const decoder = createDecoder(compression, { message, fault: () => {} }, { codec: 'sync', maxMessageBytes: 1_024 });
    decoder.write(outer, true);
    expect(emitted).toEqual([HELLO]);
    expect(other.messages).toEqual([ACK]);
  },
);

test('a decoder for zstd-stream decodes a message that continues in another zstd frame', async () => {
  const recorder = new Recorder('zstd-stream', { codec: 'sync' });
  recorder.write(Buffer.concat([zstdCompressSync('{"op":'), zstdCompressSync('11}')]));
  expect(await recorder.result()).toEqual(decoded(['{"op":11}']));
});

test.each(['sync', 'stream'] as const)(
  'a decoder for zstd-stream with the %s codec faults on a message that exceeds the limit over several zstd frames',
  async (codec) => {
    const recorder = new Recorder('zstd-stream', { codec, maxMessageBytes: 1_000 });
    recorder.write(
      zstdCompressSync(`{"x":"${'x'.repeat(700)}`),
      zstdCompressSync('x'.repeat(700)),
      zstdCompressSync('"}'),
      zstdCompressSync(ACK),
    );
    expect(await recorder.result()).toEqual({ messages: [], faults: FAULT });
  },
);

test.each(['none', 'zlib-stream', 'zstd-stream', 'payload'] as const)(
  'a decoder for %s accepts text as long as the limit, and faults at one byte more',
  async (compression) => {
    const recorder = new Recorder(compression, { maxMessageBytes: 100 });
    recorder.write(ACK.padEnd(100), ACK.padEnd(101));
    expect(await recorder.result()).toEqual({ messages: [ACK.padEnd(100)], faults: FAULT });
  },
);
