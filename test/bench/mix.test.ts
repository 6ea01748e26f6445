/** The traffic of the bench: seeded, of the sizes Discord's events have, and recorded so that it can be played. */
import { createInflate, createZstdDecompress, constants, inflateSync } from 'node:zlib';
import type { Inflate, ZstdDecompress } from 'node:zlib';
import { expect, test } from 'vitest';
import { mix } from '../../bench/mix.ts';
import { recordPiece, recordStream } from '../../bench/server/recording.ts';
import type { Recording } from '../../bench/server/recording.ts';

const COUNT = 800;
const messages = mix(COUNT, 1);

const sizesOf = (t: string): { min: number; mean: number; max: number } => {
  const sizes = messages.filter((message) => message.t === t).map(({ text }) => Buffer.byteLength(text));
  return {
    min: Math.min(...sizes),
    mean: sizes.reduce((sum, size) => sum + size, 0) / sizes.length,
    max: Math.max(...sizes),
  };
};

test('the same seed gives the same bytes, another one others', () => {
  expect(mix(COUNT, 1)).toEqual(messages);
  expect(mix(COUNT, 2)).not.toEqual(messages);
});

test('events have the sizes of those of Discord', () => {
  expect(sizesOf('MESSAGE_CREATE').mean).toBeGreaterThan(1_000);
  expect(sizesOf('MESSAGE_CREATE').mean).toBeLessThan(2_000);
  expect(sizesOf('GUILD_CREATE').min).toBeGreaterThan(50_000);
  expect(sizesOf('GUILD_CREATE').max).toBeLessThan(310_000);
  expect(sizesOf('PRESENCE_UPDATE').mean).toBeLessThan(1_500);
  expect(sizesOf('TYPING_START').mean).toBeLessThan(1_000);
});

test('every event is a dispatch with the keys in the order of Discord, and the next sequence', () => {
  for (const [index, { t, s, text }] of messages.entries()) {
    expect(Object.keys(JSON.parse(text) as object)).toEqual(['t', 's', 'op', 'd']);
    expect(text.startsWith(`{"t":"${t}","s":${s},"op":0,"d":{`)).toBe(true);
    expect(s).toBe(index + 2);
  }
});

/** The payloads of the frames. */
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

test.each([
  ['zlib-stream', () => createInflate({ finishFlush: constants.Z_SYNC_FLUSH })],
  ['zstd-stream', () => createZstdDecompress()],
] as const)(
  'a %s recording can be played, its part between cuts again, and other messages at a cut',
  async (transport, create) => {
    const payloads = payloadsOf(await recordStream(transport, texts, cuts));
    const piece = payloadsOf({ bytes: await recordPiece(transport, '{"op":11}'), ends: [Infinity] })[0]!;
    const lap = payloads.slice(1);

    expect(await decompressed(create(), [...payloads, piece, ...lap, piece])).toBe(
      [...texts, '{"op":11}', ...texts.slice(1), '{"op":11}'].join(''),
    );
  },
);

test('plain and payload recordings hold each message by itself; HELLO is never compressed', async () => {
  const plain = payloadsOf(await recordStream('none', texts, cuts));
  const [hello, ...others] = payloadsOf(await recordStream('payload', texts, cuts));
  expect(plain.map(String)).toEqual(texts);
  expect([String(hello), ...others.map((payload) => String(inflateSync(payload)))]).toEqual(texts);
});
