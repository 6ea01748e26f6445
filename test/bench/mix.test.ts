/** The traffic of the bench: seeded, with the sizes of Discord's events, and recorded so that it can be replayed. */
import { createInflate, createZstdDecompress, constants, inflateSync } from 'node:zlib';
import type { Inflate, ZstdDecompress } from 'node:zlib';
import { describe, expect, test } from 'vitest';
import { mix } from '../../bench/mix.ts';
import { recordPiece, recordStream } from '../../bench/server/recording.ts';
import type { Recording } from '../../bench/server/recording.ts';

const COUNT = 800;
const messages = mix(COUNT, 1, 'startup');

const sizesOf = (t: string): { min: number; mean: number; max: number } => {
  const sizes = messages.filter((message) => message.t === t).map(({ text }) => Buffer.byteLength(text));
  return {
    min: Math.min(...sizes),
    mean: sizes.reduce((sum, size) => sum + size, 0) / sizes.length,
    max: Math.max(...sizes),
  };
};

describe('mix', () => {
  test('gives the same bytes for the same seed, and other bytes for another', () => {
    expect(mix(COUNT, 1, 'startup')).toEqual(messages);
    expect(mix(COUNT, 2, 'startup')).not.toEqual(messages);
  });

  test.each([
    ['chat', 0],
    ['usual', 2],
    ['startup', 100],
  ] as const)('%s has %i GUILD_CREATEs in 5,000 events', (name, count) => {
    expect(mix(5_000, 1, name).filter(({ t }) => t === 'GUILD_CREATE')).toHaveLength(count);
  });

  test('makes events of the sizes that Discord sends', () => {
    expect(sizesOf('MESSAGE_CREATE').mean).toBeGreaterThan(1_000);
    expect(sizesOf('MESSAGE_CREATE').mean).toBeLessThan(2_000);
    expect(sizesOf('GUILD_CREATE').min).toBeGreaterThan(50_000);
    expect(sizesOf('GUILD_CREATE').max).toBeLessThan(310_000);
    expect(sizesOf('PRESENCE_UPDATE').mean).toBeLessThan(1_500);
    expect(sizesOf('TYPING_START').mean).toBeLessThan(1_000);
  });

  test("makes dispatches with the keys in Discord's order, and consecutive sequences", () => {
    for (const [index, { t, s, text }] of messages.entries()) {
      expect(Object.keys(JSON.parse(text) as object)).toEqual(['t', 's', 'op', 'd']);
      expect(text.startsWith(`{"t":"${t}","s":${s},"op":0,"d":{`)).toBe(true);
      expect(s).toBe(index + 2);
    }
  });
});

/** Returns the payload of each frame. */
const payloadsOf = ({ bytes, ends }: Recording): Buffer[] =>
  ends.map((end, index) => {
    const frame = bytes.subarray(ends[index - 1] ?? 0, end);
    const length = frame[1]! & 0x7f;
    return frame.subarray(length < 126 ? 2 : length === 126 ? 4 : 10);
  });

async function decompressed(stream: Inflate | ZstdDecompress, parts: readonly Buffer[]): Promise<string> {
  const chunks: Buffer[] = [];
  stream.on('data', (chunk: Buffer) => chunks.push(chunk));
  for (const part of parts)
    await new Promise<void>((resolve, reject) => stream.write(part, (error) => (error ? reject(error) : resolve())));
  await new Promise<void>((resolve) => setImmediate(resolve));
  stream.destroy();
  return Buffer.concat(chunks).toString();
}

const texts = messages.slice(0, 50).map(({ text }) => text);
const cuts = new Set([0, texts.length - 1]);

describe('a recording', () => {
  test.each([
    ['zlib-stream', () => createInflate({ finishFlush: constants.Z_SYNC_FLUSH })],
    ['zstd-stream', () => createZstdDecompress()],
  ] as const)(
    'with %s can be replayed, repeat the part between two cuts, and have another message at a cut',
    async (transport, create) => {
      const payloads = payloadsOf(await recordStream(transport, texts, cuts));
      const piece = payloadsOf({ bytes: await recordPiece(transport, '{"op":11}'), ends: [Infinity] })[0]!;
      const loop = payloads.slice(1);

      expect(await decompressed(create(), [...payloads, piece, ...loop, piece])).toBe(
        [...texts, '{"op":11}', ...texts.slice(1), '{"op":11}'].join(''),
      );
    },
  );

  test('without a stream compresses each message alone, and does not compress HELLO', async () => {
    const plain = payloadsOf(await recordStream('none', texts, cuts));
    const [hello, ...others] = payloadsOf(await recordStream('payload', texts, cuts));
    expect(plain.map(String)).toEqual(texts);
    expect([String(hello), ...others.map((payload) => String(inflateSync(payload)))]).toEqual(texts);
  });
});
