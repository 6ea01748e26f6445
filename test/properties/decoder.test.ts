/** Decoders against the list of messages that was sent, however the bytes are cut, damaged, or interrupted. */
import { deepEqual, ok } from 'node:assert/strict';
import { deflateSync } from 'node:zlib';
import * as fc from 'fast-check';
import { afterAll, beforeAll, expect, it } from 'vitest';
import { createDecoder } from '../../src/decoding/decoder.ts';
import type { Decoder } from '../../src/decoding/decoder.ts';
import type { Compression } from '../../src/protocol/gateway-url.ts';
import { compress } from '../kit/compressed-streams.ts';
import { held, turn } from './kit.ts';

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

/** A piece of what travels. */
interface Frame {
  readonly bytes: Buffer;
  readonly isBinary: boolean;
  /** How many messages are complete once it has come, and how many have begun. */
  readonly complete: number;
  readonly begun: number;
}

/** Each message as it is compressed. */
async function encode(compression: Compression, texts: readonly string[]): Promise<Buffer[]> {
  if (compression === 'none') return texts.map((text) => Buffer.from(text));
  if (compression === 'payload') return texts.map((text) => deflateSync(text));
  return compress(compression === 'zlib-stream' ? 'zlib' : 'zstd', texts);
}

/** Cuts a stream anywhere. What is no stream comes message by message. */
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

/** What came out of a decoder. */
class Recorder {
  readonly given: string[] = [];
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
      this.given.push(text);
      if (this.throwsAt.has(this.given.length)) throw new Error('from the sink');
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
    return new Promise((resolve) => this.decoder.flush(() => resolve(this.given.length)));
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
/** With its number, so that no two are alike. */
const packets = fc
  .array(values, { minLength: 1, maxLength: 10 })
  .map((all) => all.map((d, s) => `{"op":0,"s":${s},"t":"A","d":${d}}`));
const cutsOf = fc.array(fc.nat({ max: 150_000 }), { maxLength: 40 });
const isTurn = fc.infiniteStream(fc.boolean());

/** What a sink throws when nobody is there any more to be thrown at. */
let uncaught: unknown[] = [];
const onUncaught = (error: unknown): void => void uncaught.push(error);
const listeners = process.listeners('uncaughtException');
beforeAll(() => void process.removeAllListeners('uncaughtException').on('uncaughtException', onUncaught));
afterAll(() => {
  process.removeListener('uncaughtException', onUncaught);
  for (const listener of listeners) process.on('uncaughtException', listener);
});

it.each(VARIANTS)(
  '%s (%s) gives each message once and in order, also when the sink throws and however the bytes are cut',
  async (compression, codec) => {
    const runs = await held(
      fc.asyncProperty(
        packets,
        cutsOf,
        isTurn,
        fc.uniqueArray(fc.integer({ min: 1, max: 12 }), { maxLength: 3 }),
        async (texts, cuts, turns, throwsAt) => {
          const recorder = new Recorder(compression, codec);
          recorder.throwsAt = new Set(throwsAt);
          uncaught = [];
          const marks: { frame: Frame; given: Promise<number> }[] = [];
          for (const frame of cut(compression, await encode(compression, texts), cuts)) {
            recorder.write(frame);
            marks.push({ frame, given: recorder.flushed() });
            if (turns.next().value) await turn();
          }
          await recorder.flushed();
          await turn();
          for (const { frame, given } of marks)
            ok(
              (await given) >= frame.complete && (await given) <= frame.begun,
              'flush() called back too early or too late',
            );
          const expectsThrow = throwsAt.some((at) => at <= texts.length);
          deepEqual(
            { given: recorder.given, faults: recorder.faults, threw: recorder.thrown.length + uncaught.length > 0 },
            { given: texts, faults: 0, threw: expectsThrow },
          );
        },
      ),
      20,
    );
    expect(runs).toBe(20);
  },
);

it.each(VARIANTS)('%s (%s) gives nothing more once it is closed, at whatever moment', async (compression, codec) => {
  const runs = await held(
    fc.asyncProperty(packets, cutsOf, isTurn, fc.nat(), async (texts, cuts, turns, closeAfter) => {
      const recorder = new Recorder(compression, codec);
      const frames = cut(compression, await encode(compression, texts), cuts);
      const last = closeAfter % frames.length;
      for (const frame of frames.slice(0, last)) {
        recorder.write(frame);
        if (turns.next().value) await turn();
      }
      const given = recorder.given.slice();
      recorder.decoder.close();
      for (const frame of frames.slice(last)) recorder.write(frame);
      await recorder.flushed();
      const complete = codec === 'sync' || compression === 'payload' ? (frames[last - 1]?.complete ?? 0) : 0;
      deepEqual({ given: recorder.given, faults: recorder.faults }, { given, faults: 0 });
      deepEqual(given, texts.slice(0, given.length));
      ok(given.length >= complete);
    }),
    20,
  );
  expect(runs).toBe(20);
});

it.each(VARIANTS)(
  '%s (%s) gives what came before a damaged byte unharmed, and then faults at most once and for good',
  async (compression, codec) => {
    const damages = fc.record({ at: fc.nat(), xor: fc.integer({ min: 1, max: 255 }) });
    const runs = await held(
      fc.asyncProperty(packets, cutsOf, damages, async (texts, cuts, { at, xor }) => {
        const recorder = new Recorder(compression, codec);
        const messages = await encode(compression, texts);
        const hit = at % messages.length;
        const damaged = messages.map((bytes) => Buffer.from(bytes));
        damaged[hit]![at % damaged[hit]!.length]! ^= xor;
        const frames = cut(compression, damaged, cuts);
        for (const frame of frames) recorder.write(frame);
        await recorder.flushed();
        const { given, faults, thrown } = recorder;
        // A piece of a zstd stream is inflated as a whole or not at all, whatever messages are in it.
        const unharmed =
          compression === 'zstd-stream'
            ? Math.max(0, ...frames.filter(({ begun }) => begun <= hit).map(({ complete }) => complete))
            : hit;
        deepEqual(
          { before: given.slice(0, hit), thrown },
          { before: texts.slice(0, Math.max(unharmed, Math.min(hit, given.length))), thrown: [] },
        );
        ok(faults <= 1);
        // Only payloads carry a checksum: the others can't tell a wrong letter from a right one.
        if (compression === 'payload')
          deepEqual(
            { given, faults },
            faults === 0 ? { given: texts, faults } : { given: texts.slice(0, hit), faults: 1 },
          );
        if (compression === 'none') deepEqual(given.length, faults === 0 ? texts.length : hit);
      }),
      25,
    );
    expect(runs).toBe(25);
  },
);
