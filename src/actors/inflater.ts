/**
 * One decompression context of a connection. Two ways to run it: synchronously on the native handle behind
 * `node:zlib`'s streams, which is what a gateway client wants, and through the public asynchronous stream, for a
 * Node whose handle does not behave as expected.
 */
import { createInflate, createZstdDecompress } from 'node:zlib';
import type { Inflate, ZstdDecompress } from 'node:zlib';

export type StreamKind = 'zlib' | 'zstd';

export interface InflaterSink {
  /** Output of one `write`; `ends` as it was given. Only valid during the call. */
  output(bytes: Buffer, ends: boolean): void;
  failed(cause: Error): void;
}

export interface Inflater {
  write(input: Buffer, ends: boolean): void;
  /** Calls back when everything written before has been given out. */
  flush(done: () => void): void;
  /** Nothing is given out afterwards. Idempotent. */
  close(): void;
}

export class TooLargeError extends Error {
  constructor(maxBytes: number) {
    super(`a message inflates to more than ${maxBytes} bytes`);
  }
}

/** The stream's own output buffer is not used here; this is the least that can be asked for. */
const LEAST_CHUNK_BYTES = 64;

const createStream = (kind: StreamKind, chunkSize?: number): Inflate | ZstdDecompress => {
  const options = chunkSize === undefined ? {} : { chunkSize };
  return kind === 'zlib' ? createInflate(options) : createZstdDecompress(options);
};

/** What lies behind the streams of node:zlib, as far as it is used. Not public: `sync-inflater-check.ts` proves it. */
interface NativeHandle {
  onerror: (message: string, errno: number, code: string) => void;
  writeSync(
    flush: number,
    input: Buffer,
    inputOffset: number,
    inputLength: number,
    output: Buffer,
    outputOffset: number,
    outputLength: number,
  ): void;
}

const SYNC_FLUSH: Readonly<Record<StreamKind, number>> = { zlib: 2, zstd: 1 };

const SCRATCH_BYTES = 256 * 1024;
/** All synchronous contexts inflate into this one buffer, one message at a time. */
let scratch: Buffer | undefined;

export class SyncInflater implements Inflater {
  readonly #flush: number;
  readonly #sink: InflaterSink;
  readonly #maxBytes: number;
  readonly #stream: Inflate | ZstdDecompress;
  readonly #handle: NativeHandle;
  /** Set by each write: output space left, input left. */
  readonly #state: Uint32Array;
  #closed = false;
  #error: Error | null = null;

  constructor(kind: StreamKind, sink: InflaterSink, maxBytes: number) {
    this.#flush = SYNC_FLUSH[kind];
    this.#sink = sink;
    this.#maxBytes = maxBytes;
    this.#stream = createStream(kind, LEAST_CHUNK_BYTES);
    this.#handle = Reflect.get(this.#stream, '_handle') as NativeHandle;
    this.#state = Reflect.get(this.#stream, '_writeState') as Uint32Array;
    this.#handle.onerror = (message, _errno, code) => {
      this.#error = Object.assign(new Error(message), { code });
    };
  }

  write(input: Buffer, ends: boolean): void {
    // Writing to a closed handle aborts the process.
    if (this.#closed) return;
    let output = (scratch ??= Buffer.allocUnsafeSlow(SCRATCH_BYTES));
    let written = 0;
    let inputOffset = 0;
    for (;;) {
      const space = output.length - written;
      const inputLeft = input.length - inputOffset;
      this.#handle.writeSync(this.#flush, input, inputOffset, inputLeft, output, written, space);
      if (this.#error !== null) return this.#fail(this.#error);
      const spaceAfter = this.#state[0] ?? 0;
      inputOffset = input.length - (this.#state[1] ?? 0);
      written = output.length - spaceAfter;
      if (written > this.#maxBytes) return this.#fail(new TooLargeError(this.#maxBytes));
      if (spaceAfter > 0) break;
      // A buffer grown for one large message is not kept.
      const grown = Buffer.allocUnsafeSlow(output.length * 2);
      output.copy(grown, 0, 0, written);
      output = grown;
    }
    this.#sink.output(output.subarray(0, written), ends);
  }

  flush(done: () => void): void {
    done();
  }

  close(): void {
    if (this.#closed) return;
    this.#closed = true;
    this.#stream.close();
  }

  #fail(cause: Error): void {
    this.close();
    this.#sink.failed(cause);
  }
}

export class StreamInflater implements Inflater {
  readonly #sink: InflaterSink;
  readonly #stream: Inflate | ZstdDecompress;
  /** One write is under way at a time, the first: only so is it known which output is whose. */
  #writes: { input: Buffer; ends: boolean }[] = [];
  #chunks: Buffer[] = [];
  #bytes = 0;
  #closed = false;
  #waiting: (() => void)[] = [];

  constructor(kind: StreamKind, sink: InflaterSink, maxBytes: number) {
    this.#sink = sink;
    this.#stream = createStream(kind);
    this.#stream.on('error', (cause) => this.#fail(cause));
    this.#stream.on('data', (chunk: Buffer) => {
      this.#chunks.push(chunk);
      this.#bytes += chunk.length;
      if (this.#bytes > maxBytes) this.#fail(new TooLargeError(maxBytes));
    });
  }

  write(input: Buffer, ends: boolean): void {
    if (this.#closed) return;
    this.#writes.push({ input, ends });
    if (this.#writes.length === 1) this.#next();
  }

  flush(done: () => void): void {
    if (this.#closed || this.#writes.length === 0) done();
    else this.#waiting.push(done);
  }

  close(): void {
    if (this.#closed) return;
    this.#closed = true;
    this.#stream.close();
    this.#settle();
  }

  #next(): void {
    const write = this.#writes[0];
    if (write === undefined || this.#closed) return this.#settle();
    // The stream calls back when it has pushed all output of this input; listeners see it by the next turn.
    this.#stream.write(write.input, () => setImmediate(() => this.#give(write.ends)));
  }

  #give(ends: boolean): void {
    if (this.#closed) return;
    const output = Buffer.concat(this.#chunks);
    this.#chunks = [];
    this.#bytes = 0;
    this.#writes.shift();
    this.#sink.output(output, ends);
    this.#next();
  }

  #settle(): void {
    const waiting = this.#waiting;
    this.#waiting = [];
    for (const done of waiting) done();
  }

  #fail(cause: Error): void {
    if (this.#closed) return;
    this.#closed = true;
    this.#stream.close();
    this.#sink.failed(cause);
    this.#settle();
  }
}
