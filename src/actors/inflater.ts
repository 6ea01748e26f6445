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

/** The compressor closed its context, but bytes that are none of another followed. */
export class EndedError extends Error {
  constructor() {
    super('the compressed stream ended, and more came');
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
      const inputAfter = this.#state[1] ?? 0;
      inputOffset = input.length - inputAfter;
      written = output.length - spaceAfter;
      if (written > this.#maxBytes) return this.#fail(new TooLargeError(this.#maxBytes));
      if (spaceAfter === 0) {
        output = this.#grown(output, written);
        continue;
      }
      if (inputAfter === 0) break;
      // Input left over means that a context ended: zstd begins another with the next bytes, zlib goes deaf.
      if (inputAfter === inputLeft && spaceAfter === space) return this.#fail(new EndedError());
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

  /** More room for one large message; it is not kept. */
  #grown(output: Buffer, written: number): Buffer {
    const grown = Buffer.allocUnsafeSlow(Math.min(output.length * 2, this.#maxBytes + 1));
    output.copy(grown, 0, 0, written);
    return grown;
  }

  #fail(cause: Error): void {
    this.close();
    this.#sink.failed(cause);
  }
}

interface Write {
  input: Buffer;
  ends: boolean;
}

export class StreamInflater implements Inflater {
  readonly #sink: InflaterSink;
  readonly #stream: Inflate | ZstdDecompress;
  /** What to do, in order: writes, and who wants to know when it is their turn. */
  #tasks: (Write | (() => void))[] = [];
  /** One write is under way at a time: only so is it known which output is whose. */
  #isBusy = false;
  #chunks: Buffer[] = [];
  #bytes = 0;
  #closed = false;

  constructor(kind: StreamKind, sink: InflaterSink, maxBytes: number) {
    this.#sink = sink;
    this.#stream = createStream(kind);
    this.#stream.on('error', (cause) => this.#fail(cause));
    this.#stream.on('end', () => this.#fail(new EndedError()));
    this.#stream.on('data', (chunk: Buffer) => {
      this.#chunks.push(chunk);
      this.#bytes += chunk.length;
      if (this.#bytes > maxBytes) this.#fail(new TooLargeError(maxBytes));
    });
  }

  write(input: Buffer, ends: boolean): void {
    if (this.#closed) return;
    this.#tasks.push({ input, ends });
    this.#next();
  }

  flush(done: () => void): void {
    this.#tasks.push(done);
    this.#next();
  }

  close(): void {
    if (this.#closed) return;
    this.#closed = true;
    this.#stream.close();
    this.#isBusy = false;
    this.#next();
  }

  #next(): void {
    while (!this.#isBusy) {
      const task = this.#tasks.shift();
      if (task === undefined) return;
      if (typeof task === 'function') task();
      else if (!this.#closed) this.#inflate(task);
    }
  }

  #inflate({ input, ends }: Write): void {
    this.#isBusy = true;
    // The stream calls back when it has pushed all output of this input; listeners see it by the next turn.
    this.#stream.write(input, () => setImmediate(() => this.#give(ends)));
  }

  #give(ends: boolean): void {
    if (this.#closed) return;
    const output = Buffer.concat(this.#chunks);
    this.#chunks = [];
    this.#bytes = 0;
    try {
      this.#sink.output(output, ends);
    } finally {
      this.#isBusy = false;
      this.#next();
    }
  }

  #fail(cause: Error): void {
    if (this.#closed) return;
    // The fault comes before those who wait for what was written: for them it is part of it.
    this.#closed = true;
    this.#stream.close();
    this.#sink.failed(cause);
    this.#isBusy = false;
    this.#next();
  }
}
