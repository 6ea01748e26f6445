import { deflateSync, zstdCompressSync } from 'node:zlib';
import * as fc from 'fast-check';
import { beforeAll, describe, expect, it, vi } from 'vitest';
import { createDecoder } from '../../src/decoding/decoder.ts';
import type { DecoderOptions } from '../../src/decoding/decoder.ts';
import { StreamInflater, SyncInflater } from '../../src/decoding/inflater.ts';
import type * as Check from '../../src/decoding/sync-inflater-self-test.ts';
import { compress, realisticMessages } from '../kit/compressed-streams.ts';
import { DecoderRecorder as Recorder } from '../kit/decoder-recorder.ts';

const HELLO = '{"op":10,"d":{"heartbeat_interval":41250}}';
const ACK = '{"op":11,"d":null}';
const whole = (messages: readonly string[]) => ({ messages, faults: [] });
const FAULT = ['DECODE_FAILED'];

describe('a decoder without compression', () => {
  it('takes text and binary frames for messages', async () => {
    const recorder = new Recorder('none');
    recorder.write(HELLO, Buffer.from(ACK));
    expect(await recorder.result()).toEqual(whole([HELLO, ACK]));
  });

  it('faults once on what is no JSON, and hands out nothing more', async () => {
    const recorder = new Recorder('none');
    recorder.write('{"op":', 'nonsense', ACK);
    expect(await recorder.result()).toEqual({ messages: [], faults: FAULT });
  });

  it('hands out nothing after close()', async () => {
    const recorder = new Recorder('none');
    recorder.decoder.close();
    recorder.write(HELLO, 'nonsense');
    expect(await recorder.result()).toEqual(whole([]));
  });

  it('finds no fault after close()', async () => {
    const recorder = new Recorder('none', { maxMessageBytes: HELLO.length - 1 });
    recorder.decoder.close();
    recorder.write(HELLO);
    expect(await recorder.result()).toEqual(whole([]));
  });
});

describe.each(['zlib', 'zstd', 'payload'] as const)('the check of %s on this Node', (what) => {
  it('finds that the synchronous codec can be trusted', async () => {
    const { isSyncInflateTrusted } = await vi.importActual<typeof Check>(
      '../../src/decoding/sync-inflater-self-test.ts',
    );
    expect(isSyncInflateTrusted(what)).toBe(true);
  });
});

/** Messages of what is thrown by calls, or afterwards with nobody to catch it. */
async function whatIsThrown(calls: readonly (() => void)[], settle: () => Promise<unknown>): Promise<string[]> {
  const thrown: string[] = [];
  const note = (error: unknown): void => void thrown.push((error as Error).message);
  const listeners = process.listeners('uncaughtException');
  process.removeAllListeners('uncaughtException').on('uncaughtException', note);
  try {
    for (const call of calls) {
      try {
        call();
      } catch (error) {
        note(error);
      }
      await settle();
    }
  } finally {
    process.removeListener('uncaughtException', note);
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

  it('decodes a connection of realistic messages', async () => {
    const recorder = newRecorder();
    recorder.write(...frames);
    expect(await recorder.result()).toEqual(whole(messages));
  });

  it('keeps two connections apart that take turns', async () => {
    const [one, two] = [newRecorder(), newRecorder()];
    for (const frame of frames.slice(0, 20)) {
      one.write(frame);
      two.write(frame);
    }
    const expected = whole(messages.slice(0, 20));
    expect([await one.result(), await two.result()]).toEqual([expected, expected]);
  });

  it.each([1, 255, 256, 257, 512, 1_024, 3_000].map((kib) => kib * 1_024 - 2))(
    'decodes a message of %d letters, whatever buffers it fills',
    async (letters) => {
      const texts = [`"${'x'.repeat(letters)}"`, ACK, `"${'y'.repeat(letters)}"`, ACK];
      const recorder = newRecorder();
      recorder.write(...(await compress(kind, texts)));
      expect(await recorder.result()).toEqual(whole(texts));
    },
  );

  it('decodes the same messages however the bytes are cut into frames', { timeout: 60_000 }, async () => {
    const bytes = Buffer.concat(frames);
    const cuts = fc.uniqueArray(fc.nat({ max: bytes.length }), { maxLength: 60 });
    await fc.assert(
      fc.asyncProperty(cuts, async (at) => {
        const recorder = newRecorder();
        const edges = [0, ...at.toSorted((a, b) => a - b), bytes.length];
        recorder.write(...edges.slice(1).map((edge, index) => bytes.subarray(edges[index], edge)));
        expect(await recorder.result()).toEqual(whole(messages));
      }),
      { numRuns: 25 },
    );
  });

  it('decodes the same messages byte by byte', async () => {
    const recorder = newRecorder();
    const few = frames.slice(0, 2);
    recorder.write(...few.flatMap((frame) => Array.from(frame, (_, index) => frame.subarray(index, index + 1))));
    expect(await recorder.result()).toEqual(whole(messages.slice(0, 2)));
  });

  it('decodes the same messages when all come in one frame', async () => {
    const recorder = newRecorder();
    recorder.write(Buffer.concat(frames));
    expect(await recorder.result()).toEqual(whole(messages));
  });

  it('takes no notice of empty frames', async () => {
    const recorder = newRecorder();
    for (const frame of frames.slice(0, 5)) recorder.write(Buffer.alloc(0), frame, Buffer.alloc(0));
    expect(await recorder.result()).toEqual(whole(messages.slice(0, 5)));
  });

  it('finds where a message ends with an empty frame in the middle of its suffix', async () => {
    const recorder = newRecorder();
    for (const frame of frames.slice(0, 3)) recorder.write(frame.subarray(0, -2), Buffer.alloc(0), frame.subarray(-2));
    expect(await recorder.result()).toEqual(whole(messages.slice(0, 3)));
  });

  it('passes text frames as JSON, in order with the compressed ones', async () => {
    const recorder = newRecorder();
    recorder.write(...frames.slice(0, 3), ACK, ...frames.slice(3, 5), HELLO);
    const expected = [...messages.slice(0, 3), ACK, ...messages.slice(3, 5), HELLO];
    expect(await recorder.result()).toEqual(whole(expected));
  });

  it('calls back from flush() when what was written before is handed out, not what comes later', async () => {
    const recorder = newRecorder();
    const seen: number[] = [];
    recorder.decoder.flush(() => seen.push(recorder.messages.length));
    recorder.write(...frames.slice(0, 3));
    recorder.decoder.flush(() => seen.push(recorder.messages.length));
    recorder.write(...frames.slice(3, 5));
    await recorder.result();
    expect(seen).toEqual([0, 3]);
  });

  it('faults at most once and never throws, whatever bytes are damaged', { timeout: 60_000 }, async () => {
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
        const { messages: given, faults } = await recorder.result();
        const untouched = Math.min(...damages.map(({ frame }) => frame));
        expect(given.slice(0, untouched)).toEqual(messages.slice(0, untouched));
        expect([[], FAULT]).toContainEqual(faults);
      }),
      { numRuns: 120 },
    );
  });

  it.each([
    ['noise', () => Buffer.from('this was never compressed')],
    ['zeros', () => Buffer.alloc(40)],
    ['a frame for the second time', () => frames[1]!.subarray(0, -4)],
  ])('hands out nothing more after the fault that %s causes', async (_what, noise) => {
    const recorder = newRecorder();
    recorder.write(frames[0]!, noise(), Buffer.from([0, 0, 255, 255]), ...frames.slice(1), ...frames);
    const { messages: given, faults } = await recorder.result();
    expect({ given: given.slice(0, 1), faults }).toEqual({ given: messages.slice(0, 1), faults: FAULT });
    recorder.write(...frames);
    expect(await recorder.result()).toEqual({ messages: given, faults: FAULT });
  });

  it('hands out the rest of a frame when a message in it makes the sink throw, and then lets that throw through', async () => {
    const recorder = newRecorder();
    recorder.onMessage = () => {
      if (recorder.messages.length % 3 === 2) throw new Error(`from message ${recorder.messages.length}`);
    };
    const parts = [Buffer.concat(frames.slice(0, 7)), ...frames.slice(7, 10)];
    const thrown = await whatIsThrown(
      parts.map((part) => () => recorder.write(part)),
      () => recorder.result(),
    );
    expect(thrown).toEqual(expect.arrayContaining(['from message 2', 'from message 8']));
    expect(await recorder.result()).toEqual(whole(messages.slice(0, 10)));
  });

  it('lets through what the sink throws at a text frame that had to wait for a compressed one', async () => {
    const recorder = newRecorder();
    recorder.onMessage = (text) => {
      if (text === ACK) throw new Error('from the text');
    };
    const thrown = await whatIsThrown([() => recorder.write(frames[0]!, ACK)], () => recorder.result());
    expect(thrown).toEqual(['from the text']);
    expect(await recorder.result()).toEqual(whole([messages[0]!, ACK]));
  });

  it('tells the fault before it calls those back who wait for what was written', async () => {
    const log: string[] = [];
    const recorder = newRecorder();
    recorder.write(...(await compress(kind, [HELLO, 'nonsense', ACK])));
    recorder.decoder.flush(() => log.push(`flushed after ${recorder.faults.length} fault`));
    await recorder.result();
    expect(log).toEqual(['flushed after 1 fault']);
  });

  it('faults on a message that is no JSON', async () => {
    const recorder = newRecorder();
    recorder.write(...(await compress(kind, [HELLO, 'nonsense', ACK])));
    expect(await recorder.result()).toEqual({ messages: [HELLO], faults: FAULT });
  });

  it('faults on a message above the limit instead of inflating it', async () => {
    const recorder = newRecorder({ maxMessageBytes: 500_000 });
    const texts = [`"${'x'.repeat(400_000)}"`, `"${'x'.repeat(20_000_000)}"`, ACK];
    recorder.write(...(await compress(kind, texts)));
    expect(await recorder.result()).toEqual({ messages: texts.slice(0, 1), faults: FAULT });
  });

  it('faults on a message that goes above the limit in small pieces', async () => {
    const recorder = newRecorder({ maxMessageBytes: 200_000 });
    const [frame = Buffer.alloc(0)] = await compress(kind, [
      `{"x":"${realisticMessages(3)[2]!.slice(50, 299_000).replaceAll('"', '')}"}`,
    ]);
    for (let at = 0; at < frame.length; at += 10_000) recorder.write(frame.subarray(at, at + 10_000));
    expect(await recorder.result()).toEqual({ messages: [], faults: FAULT });
  });

  it('faults on a message that only its last piece takes above the limit', async () => {
    const recorder = newRecorder({ maxMessageBytes: 150_000 });
    const [frame = Buffer.alloc(0)] = await compress(kind, [messages[2]!.slice(0, 200_000).concat('"}}')]);
    recorder.write(frame.subarray(0, frame.length / 2), frame.subarray(frame.length / 2));
    expect(await recorder.result()).toEqual({ messages: [], faults: FAULT });
  });

  it('goes on where it was when the limit lies above what came', async () => {
    const recorder = newRecorder({ maxMessageBytes: 2_000_000 });
    recorder.write(...frames);
    expect(await recorder.result()).toEqual(whole(messages));
  });

  it('takes close() again and again, and hands out nothing that is written afterwards', async () => {
    const recorder = newRecorder();
    recorder.write(frames[0]!);
    await recorder.result();
    recorder.decoder.close();
    recorder.decoder.close();
    recorder.write(...frames.slice(1));
    recorder.write('nonsense');
    expect(await recorder.result()).toEqual(whole(messages.slice(0, 1)));
  });

  it('lets go of its context with close()', () => {
    const close = vi.spyOn((codec === 'sync' ? SyncInflater : StreamInflater).prototype, 'close');
    newRecorder().decoder.close();
    expect(close).toHaveBeenCalledOnce();
    close.mockRestore();
  });

  it('hands out nothing that was written before close() but not decoded', async () => {
    const recorder = newRecorder();
    recorder.write(...frames.slice(0, 5));
    const before = recorder.messages.length;
    recorder.decoder.close();
    expect((await recorder.result()).messages).toHaveLength(before);
  });

  it('can be closed by what a message sets off', async () => {
    const recorder = newRecorder();
    recorder.onMessage = () => {
      if (recorder.messages.length === 3) recorder.decoder.close();
    };
    recorder.write(Buffer.concat(frames.slice(0, 6)), ...frames.slice(6, 10));
    expect(await recorder.result()).toEqual(whole(messages.slice(0, 3)));
  });

  it('faults when the compressor has ended the stream and goes on', async () => {
    const ended = kind === 'zlib' ? deflateSync(HELLO) : zstdCompressSync(HELLO);
    const recorder = newRecorder();
    const noise = Buffer.from([1, 2, 3, 4, 0, 0, 255, 255]);
    recorder.write(Buffer.concat([ended, noise]), noise);
    const { faults } = await recorder.result();
    expect(faults).toEqual(FAULT);
  });
});

describe.each(['sync', 'stream'] as const)(
  'a decoder for zlib-stream with the %s codec, given the suffix of a flush within a message',
  (codec) => {
    const [halves, rest] = [
      ['{"op":0,"t":"A","d":["}', '"]}'],
      [ACK, HELLO],
    ];
    const expected = whole([halves.join(''), ...rest]);
    let frames: Buffer[];

    beforeAll(async () => {
      frames = await compress('zlib', [...halves, ...rest]);
    });

    it('completes the message with what follows in the frame', async () => {
      const recorder = new Recorder('zlib-stream', { codec });
      recorder.write(Buffer.concat(frames.slice(0, 2)), ...frames.slice(2));
      expect(await recorder.result()).toEqual(expected);
    });

    it('completes the message with the next frame', async () => {
      const recorder = new Recorder('zlib-stream', { codec });
      recorder.write(...frames);
      expect(await recorder.result()).toEqual(expected);
    });

    it('is not misled by a flush of nothing', async () => {
      const recorder = new Recorder('zlib-stream', { codec });
      const nothing = Buffer.from([0x00, 0x00, 0x00, 0xff, 0xff]);
      recorder.write(...frames.flatMap((frame) => [frame, nothing]));
      expect(await recorder.result()).toEqual(expected);
    });

    it('faults once when the next message shows that it was never going to be one', async () => {
      const recorder = new Recorder('zlib-stream', { codec });
      recorder.write(...(await compress('zlib', [HELLO, '{"op":0,"d":[', ACK, ACK])));
      expect(await recorder.result()).toEqual({ messages: [HELLO], faults: FAULT });
    });

    it('faults at once on a whole object that is no JSON', async () => {
      const recorder = new Recorder('zlib-stream', { codec });
      recorder.write(...(await compress('zlib', [HELLO, '{"op":0,}'])));
      expect(await recorder.result()).toEqual({ messages: [HELLO], faults: FAULT });
    });
  },
);

describe.each(['sync', 'stream'] as const)('a decoder for zstd-stream with the %s codec', (codec) => {
  it('takes messages that are zstd frames of their own', async () => {
    const recorder = new Recorder('zstd-stream', { codec });
    recorder.write(zstdCompressSync(HELLO), zstdCompressSync(ACK), zstdCompressSync(HELLO));
    expect(await recorder.result()).toEqual(whole([HELLO, ACK, HELLO]));
  });
});

it.each(['payload', 'zlib-stream', 'zstd-stream'] as const)(
  'a message of %s that sets off another is not overwritten by it',
  async (compression) => {
    const encode = async (text: string): Promise<Buffer> =>
      compression === 'payload'
        ? deflateSync(text)
        : ((await compress(compression === 'zlib-stream' ? 'zlib' : 'zstd', [text]))[0] ?? Buffer.alloc(0));
    const [outer, inner] = [await encode(HELLO), await encode(ACK)];
    const other = new Recorder(compression, { codec: 'sync' });
    const seen: string[] = [];
    const message = (bytes: Buffer): boolean => {
      other.write(inner);
      return seen.push(bytes.toString()) > 0;
    };
    const decoder = createDecoder(compression, { message, fault: () => {} }, { codec: 'sync', maxMessageBytes: 1_024 });
    decoder.write(outer, true);
    expect([seen, other.messages]).toEqual([[HELLO], [ACK]]);
  },
);

it('a decoder for zstd-stream takes a message that runs on in another zstd frame', async () => {
  const recorder = new Recorder('zstd-stream', { codec: 'sync' });
  recorder.write(Buffer.concat([zstdCompressSync('{"op":'), zstdCompressSync('11}')]));
  expect(await recorder.result()).toEqual(whole(['{"op":11}']));
});

it.each(['sync', 'stream'] as const)(
  'a decoder for zstd-stream with the %s codec faults on a message that goes above the limit in zstd frames of its own',
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

it.each(['none', 'zlib-stream', 'zstd-stream', 'payload'] as const)(
  'with %s, text may be as long as the limit, and no longer',
  async (compression) => {
    const recorder = new Recorder(compression, { maxMessageBytes: 100 });
    recorder.write(ACK.padEnd(100), ACK.padEnd(101));
    expect(await recorder.result()).toEqual({ messages: [ACK.padEnd(100)], faults: FAULT });
  },
);
