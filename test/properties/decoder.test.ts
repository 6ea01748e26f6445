/** Compares decoders with the list of messages that was sent, for any cuts, damages and closes. */
import { deepEqual, ok } from 'node:assert/strict';
import { deflateSync } from 'node:zlib';
import * as fc from 'fast-check';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { createDecoder } from '../../src/decoding/decoder.ts';
import type { Decoder } from '../../src/decoding/base-decoder.ts';
import type { Compression } from '../../src/protocol/gateway-url.ts';
import { compress } from '../kit/compressed-streams.ts';
import { checkProperty, turn } from './kit.ts';

type Codec = 'sync' | 'stream';

const VARIANTS: readonly (readonly [Compression, Codec])[] = [
  ['none', 'sync'],
  ['payload', 'sync'],
  ['payload', 'stream'],
  ['zlib-stream', 'sync'],
  ['zlib-stream', 'stream'],
  ['zstd-stream', 'sync'],
  ['zstd-stream', 'stream'],
];

/** One frame on the socket. */
interface Frame {
  readonly bytes: Buffer;
  readonly isBinary: boolean;
  /** How many messages are complete after this frame, and how many have begun. */
  readonly complete: number;
  readonly begun: number;
}

/** Compresses each message. */
async function encode(compression: Compression, texts: readonly string[]): Promise<Buffer[]> {
  if (compression === 'none') return texts.map((text) => Buffer.from(text));
  if (compression === 'payload') return texts.map((text) => deflateSync(text));
  return compress(compression === 'zlib-stream' ? 'zlib' : 'zstd', texts);
}

/** Cuts a stream anywhere. Without a stream, each message is one frame. */
function cut(compression: Compression, messages: readonly Buffer[], cuts: readonly number[]): Frame[] {
  const ends = messages.map((_, index) => messages.slice(0, index + 1).reduce((sum, { length }) => sum + length, 0));
  const total = ends.at(-1) ?? 0;
  const isStream = compression.endsWith('-stream');
  const places = isStream ? cuts.map((place) => place % (total + 1)).concat(total) : ends;
  const all = Buffer.concat(messages);
  return places
    .toSorted((a, b) => a - b)
    .map((end, index, edges) => ({
      bytes: all.subarray(edges[index - 1] ?? 0, end),
      isBinary: compression !== 'none',
      complete: ends.filter((other) => other <= end).length,
      begun: ends.filter((_, message) => (ends[message - 1] ?? 0) < end).length,
    }))
    .filter(({ bytes }) => isStream || bytes.length > 0);
}

/** Records the output of a decoder. */
class Recorder {
  readonly messages: string[] = [];
  faults = 0;
  readonly thrown: unknown[] = [];
  /** Messages after which the sink throws. */
  throwsAt: ReadonlySet<number> = new Set();
  readonly decoder: Decoder;

  constructor(compression: Compression, codec: Codec) {
    const message = (bytes: Buffer): boolean => {
      const text = bytes.toString();
      try {
        JSON.parse(text);
      } catch {
        return false;
      }
      ok(this.faults === 0, 'a message after the fault');
      this.messages.push(text);
      if (this.throwsAt.has(this.messages.length)) throw new Error('from the sink');
      return true;
    };
    this.decoder = createDecoder(
      compression,
      { message, fault: () => (this.faults += 1) },
      { codec, maxMessageBytes: 4 * 1_024 * 1_024 },
    );
  }

  write({ bytes, isBinary }: Frame): void {
    try {
      this.decoder.write(bytes, isBinary);
    } catch (error) {
      this.thrown.push(error);
    }
  }

  flushed(): Promise<number> {
    return new Promise((resolve) => this.decoder.flush(() => resolve(this.messages.length)));
  }
}

const deep = (depth: number): string => `${'[{"a":'.repeat(depth)}null${'}]'.repeat(depth)}`;
const values = fc.oneof(
  fc.json({ maxDepth: 4 }),
  fc.string({ unit: 'grapheme', maxLength: 60 }).map((text) => JSON.stringify(text)),
  fc
    .array(fc.constantFrom('{', '}', '[', ']', '"', '\\', '\u0000', '\u2028', '日', '🎉', '\ud800', '\u0000\u0000ÿÿ'), {
      maxLength: 30,
    })
    .map((parts) => JSON.stringify(parts.join(''))),
  fc.integer({ min: 1, max: 2_000 }).map(deep),
  fc
    .tuple(fc.constantFrom('x', 'ab"', '日本'), fc.integer({ min: 1, max: 50_000 }))
    .map(([unit, count]) => JSON.stringify(unit.repeat(count))),
  fc.constantFrom('null', '{}', '[]', '""'),
);
/** With a sequence, so that all are different. */
const packets = fc
  .array(values, { minLength: 1, maxLength: 10 })
  .map((all) => all.map((d, s) => `{"op":0,"s":${s},"t":"A","d":${d}}`));
const cutsOf = fc.array(fc.nat({ max: 150_000 }), { maxLength: 40 });
const isTurn = fc.infiniteStream(fc.boolean());

/** Errors that the sink throws after `write()` has returned. */
let uncaught: unknown[] = [];
const onUncaught = (error: unknown): void => void uncaught.push(error);
const listeners = process.listeners('uncaughtException');
beforeAll(() => void process.removeAllListeners('uncaughtException').on('uncaughtException', onUncaught));
afterAll(() => {
  process.removeListener('uncaughtException', onUncaught);
  for (const listener of listeners) process.on('uncaughtException', listener);
});

describe('createDecoder()', () => {
  test.each(VARIANTS)(
    'emits each message of %s (%s) once and in order for any cuts, also when the sink throws',
    async (compression, codec) => {
      const runs = await checkProperty(
        fc.asyncProperty(
          packets,
          cutsOf,
          isTurn,
          fc.uniqueArray(fc.integer({ min: 1, max: 12 }), { maxLength: 3 }),
          async (texts, cuts, turns, throwsAt) => {
            const recorder = new Recorder(compression, codec);
            recorder.throwsAt = new Set(throwsAt);
            uncaught = [];
            const marks: { frame: Frame; count: Promise<number> }[] = [];
            for (const frame of cut(compression, await encode(compression, texts), cuts)) {
              recorder.write(frame);
              marks.push({ frame, count: recorder.flushed() });
              if (turns.next().value) await turn();
            }
            await recorder.flushed();
            await turn();
            for (const { frame, count } of marks)
              ok(
                (await count) >= frame.complete && (await count) <= frame.begun,
                'flush() called back too early or too late',
              );
            const expectsThrow = throwsAt.some((at) => at <= texts.length);
            deepEqual(
              {
                messages: recorder.messages,
                faults: recorder.faults,
                threw: recorder.thrown.length + uncaught.length > 0,
              },
              { messages: texts, faults: 0, threw: expectsThrow },
            );
          },
        ),
        20,
      );
      expect(runs).toBe(20);
    },
  );

  test.each(VARIANTS)('emits nothing of %s (%s) after close(), at any moment', async (compression, codec) => {
    const runs = await checkProperty(
      fc.asyncProperty(packets, cutsOf, isTurn, fc.nat(), async (texts, cuts, turns, closeAfter) => {
        const recorder = new Recorder(compression, codec);
        const frames = cut(compression, await encode(compression, texts), cuts);
        const last = closeAfter % frames.length;
        for (const frame of frames.slice(0, last)) {
          recorder.write(frame);
          if (turns.next().value) await turn();
        }
        const before = recorder.messages.slice();
        recorder.decoder.close();
        for (const frame of frames.slice(last)) recorder.write(frame);
        await recorder.flushed();
        const complete = codec === 'sync' || compression === 'payload' ? (frames[last - 1]?.complete ?? 0) : 0;
        deepEqual({ messages: recorder.messages, faults: recorder.faults }, { messages: before, faults: 0 });
        deepEqual(before, texts.slice(0, before.length));
        ok(before.length >= complete);
      }),
      20,
    );
    expect(runs).toBe(20);
  });

  test.each(VARIANTS)(
    'emits the messages of %s (%s) before a damaged byte, and then faults at most once',
    async (compression, codec) => {
      const damages = fc.record({ at: fc.nat(), xor: fc.integer({ min: 1, max: 255 }) });
      const runs = await checkProperty(
        fc.asyncProperty(packets, cutsOf, damages, async (texts, cuts, { at, xor }) => {
          const recorder = new Recorder(compression, codec);
          const messages = await encode(compression, texts);
          const hit = at % messages.length;
          const damaged = messages.map((bytes) => Buffer.from(bytes));
          damaged[hit]![at % damaged[hit]!.length]! ^= xor;
          const frames = cut(compression, damaged, cuts);
          for (const frame of frames) recorder.write(frame);
          await recorder.flushed();
          const { messages: emitted, faults, thrown } = recorder;
          // A frame of a zstd stream is inflated as a whole or not at all, with all messages in it.
          const unharmed =
            compression === 'zstd-stream'
              ? Math.max(0, ...frames.filter(({ begun }) => begun <= hit).map(({ complete }) => complete))
              : hit;
          deepEqual(
            { before: emitted.slice(0, hit), thrown },
            { before: texts.slice(0, Math.max(unharmed, Math.min(hit, emitted.length))), thrown: [] },
          );
          ok(faults <= 1);
          // Only payloads have a checksum: the other formats cannot detect a wrong letter.
          if (compression === 'payload')
            deepEqual(
              { emitted, faults },
              faults === 0 ? { emitted: texts, faults } : { emitted: texts.slice(0, hit), faults: 1 },
            );
          if (compression === 'none') deepEqual(emitted.length, faults === 0 ? texts.length : hit);
        }),
        25,
      );
      expect(runs).toBe(25);
    },
  );
});
