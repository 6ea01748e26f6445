/**
 * Changes to the frames of a message: to the compressed bytes, to where frames are cut, and to their kind. The reference
 * decoder says what they mean.
 */
import type { SeededRandom } from '../../src/testing/seeded-random.ts';
import type { Encoder, Frame } from '../wire/encoder.ts';

export interface WireMutation {
  /** Whether the compressed bytes change, so that what follows on this connection can't be read for certain. */
  readonly corrupts: boolean;
  /** Returns the frames for the messages, which are one or more. */
  readonly frames: (random: SeededRandom, encoder: Encoder, messages: readonly Buffer[]) => Frame[];
}

const binary = (bytes: Buffer): Frame => ({ bytes, isBinary: true });

const encodeAll = (encoder: Encoder, messages: readonly Buffer[]): Frame[] =>
  messages.map((message) => encoder.encode(message));

/** Cuts a frame into pieces of the same kind. */
function cut({ bytes, isBinary }: Frame, places: readonly number[]): Frame[] {
  const edges = [0, ...places.toSorted((a, b) => a - b), bytes.length];
  return edges.slice(1).map((end, index) => ({ bytes: bytes.subarray(edges[index], end), isBinary }));
}

/** Changes the bytes of the first frame. */
const corrupting = (change: (random: SeededRandom, bytes: Buffer) => Buffer): WireMutation => ({
  corrupts: true,
  frames: (random, encoder, messages) => {
    const [first, ...rest] = encodeAll(encoder, messages);
    return first === undefined ? rest : [{ ...first, bytes: change(random, Buffer.from(first.bytes)) }, ...rest];
  },
});

const reshaping = (frames: WireMutation['frames']): WireMutation => ({ corrupts: false, frames });

export const WIRE_MUTATIONS = {
  flipBits: corrupting((random, bytes) => {
    for (let count = random.int(1, 3); count > 0 && bytes.length > 0; count -= 1) {
      const at = random.below(bytes.length);
      bytes[at] = (bytes[at] ?? 0) ^ (1 << random.below(8));
    }
    return bytes;
  }),
  truncateFrame: corrupting((random, bytes) => bytes.subarray(0, random.below(bytes.length))),
  insertBytes: corrupting((random, bytes) => {
    const at = random.below(bytes.length + 1);
    const added = Buffer.from(Array.from({ length: random.int(1, 20) }, () => random.below(256)));
    return Buffer.concat([bytes.subarray(0, at), added, bytes.subarray(at)]);
  }),
  removeBytes: corrupting((random, bytes) => {
    const at = random.below(bytes.length);
    return Buffer.concat([bytes.subarray(0, at), bytes.subarray(at + random.int(1, 10))]);
  }),
  trailingBytes: corrupting((random, bytes) =>
    Buffer.concat([bytes, Buffer.from(Array.from({ length: random.int(1, 20) }, () => random.below(256)))]),
  ),
  frameTwice: corrupting((_, bytes) => Buffer.concat([bytes, bytes])),
  garbage: corrupting((random) => Buffer.from(Array.from({ length: random.int(0, 60) }, () => random.below(256)))),
  bomb: {
    corrupts: true,
    frames: (random, encoder) => [
      encoder.encode(Buffer.from(`{"op":0,"d":"${' '.repeat(random.int(1_100_000, 3_000_000))}"}`)),
    ],
  },
  splitOnce: reshaping((random, encoder, messages) =>
    encodeAll(encoder, messages).flatMap((frame) => cut(frame, [random.below(frame.bytes.length + 1)])),
  ),
  splitOften: reshaping((random, encoder, messages) =>
    encodeAll(encoder, messages).flatMap((frame) =>
      cut(
        frame,
        Array.from({ length: random.int(2, 9) }, () => random.below(frame.bytes.length + 1)),
      ),
    ),
  ),
  splitEverywhere: reshaping((_, encoder, messages) =>
    encodeAll(encoder, messages.slice(0, 1)).flatMap((frame) =>
      cut(
        frame,
        Array.from({ length: Math.min(frame.bytes.length, 400) }, (__, index) => index),
      ),
    ),
  ),
  joined: reshaping((random, encoder, messages) => {
    const all = binary(Buffer.concat(encodeAll(encoder, messages).map(({ bytes }) => bytes)));
    return random.chance(0.5) ? [all] : cut(all, [random.below(all.bytes.length)]);
  }),
  emptyFrames: reshaping((random, encoder, messages) =>
    encodeAll(encoder, messages).flatMap((frame) => [
      ...Array.from({ length: random.int(0, 3) }, () => binary(Buffer.alloc(0))),
      frame,
    ]),
  ),
  emptyText: reshaping((_, encoder, messages) => [
    { bytes: Buffer.alloc(0), isBinary: false },
    ...encodeAll(encoder, messages),
  ]),
  emptyFlushes: reshaping((random, encoder, messages) =>
    encodeAll(encoder, messages).flatMap((frame) =>
      encoder.isStream && random.chance(0.7) ? [encoder.encode(Buffer.alloc(0)), frame] : [frame],
    ),
  ),
  noFlush: reshaping((_, encoder, messages) =>
    encoder.isStream
      ? [
          binary(
            Buffer.concat(
              messages.map((message, index) =>
                index + 1 < messages.length ? encoder.encodeUnflushed(message) : encoder.encode(message).bytes,
              ),
            ),
          ),
        ]
      : encodeAll(encoder, messages),
  ),
  flushWithin: reshaping((random, encoder, messages) =>
    messages.flatMap((message) => {
      if (!encoder.isStream) return [encoder.encode(message)];
      const at = random.below(message.length + 1);
      return [message.subarray(0, at), message.subarray(at)].map((part) => encoder.encode(part));
    }),
  ),
  asText: reshaping((_, __, messages) => messages.map((bytes) => ({ bytes, isBinary: false }))),
  asBinary: reshaping((_, __, messages) => messages.map(binary)),
} satisfies Record<string, WireMutation>;

export type WireMutationName = keyof typeof WIRE_MUTATIONS;
export const WIRE_MUTATION_NAMES = Object.keys(WIRE_MUTATIONS) as WireMutationName[];
